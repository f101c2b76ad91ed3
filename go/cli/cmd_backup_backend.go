package cli

import (
	"context"
	"errors"
	"fmt"
)

type backupBackendCmd struct {
	File   string `arg:"" type:"path" help:"The copy, which must not exist yet."`
	Config string `name:"config" type:"path" placeholder:"FILE" help:"Configuration (JSON) of the service; else the one that http would take."`
}

// Help implements kong.HelpProvider.
func (*backupBackendCmd) Help() string {
	return lesson("Writes a whole, checked copy of the service's SQLite database to a new file, on the service's own host and while the "+
		"service runs. The copy holds the agents' tokens; its mode is 0600. A MySQL backend is backed up as any other MySQL.", `
		orchestrator-seed backup-backend /backup/seeds-2030-01-31.sqlite3
		orchestrator-seed backup-backend --config /etc/orchestrator.conf.json seeds.sqlite3`, ExitOK, ExitError)
}

// Run implements the command.
func (c *backupBackendCmd) Run(ctx context.Context, s *session) error {
	if s.BackupBackend == nil {
		return errors.New("this program was built without the service")
	}
	size, err := s.BackupBackend(ctx, BackupOptions{ConfigPath: c.Config, File: c.File})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Stdout, "%s: %s\n", c.File, formatBytes(size))
	return nil
}
