package quiet

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

const noteKey = "server-program"

// Servers opens a connection to this host's server.
type Servers interface {
	Local() host.Address
	Open(ctx context.Context, addr host.Address) (*sql.DB, error)
}

// Note keeps how this host's server was started, for Settle; called before it may be stopped. A server that is down, or one
// of MySQL's, leaves nothing to be noted.
func Note(ctx context.Context, w *method.Work, servers Servers) error {
	db, err := servers.Open(ctx, servers.Local())
	if err != nil {
		return nil // down
	}
	defer db.Close()
	return note(ctx, w, db)
}

func note(ctx context.Context, w *method.Work, db *sql.DB) error {
	var version string
	if err := db.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version); err != nil {
		return fmt.Errorf("ask the server for its version: %w", err)
	}
	if !strings.Contains(version, "MariaDB") {
		return nil
	}
	p, err := host.ProgramOf(ctx, db)
	if err != nil {
		return err
	}
	return w.Run.Remember(noteKey, p)
}

// arguments are those of the server, with everything that would reach beyond the copy taken away.
func arguments(p host.Program, dir, own string, root bool) []string {
	args := make([]string, 0, len(p.Args)+16)
	for _, a := range p.Args {
		name := strings.ReplaceAll(strings.SplitN(a, "=", 2)[0], "_", "-")
		switch {
		case name == "--user", name == "--log-error", name == "--console", strings.HasPrefix(name, "--wsrep"):
		default:
			args = append(args, a)
		}
	}
	args = append(args, "--bootstrap", "--datadir="+dir, "--innodb-data-home-dir="+dir, "--innodb-log-group-home-dir="+dir,
		"--innodb-undo-directory="+dir, "--aria-log-dir-path="+dir, "--tmpdir="+own, "--skip-log-bin", "--skip-slave-start",
		"--skip-networking", "--event-scheduler=DISABLED", "--socket="+filepath.Join(own, "s"), "--pid-file="+filepath.Join(own, "pid"),
		"--log-error="+filepath.Join(own, "error.log"), "--innodb-buffer-pool-size=64M", "--innodb-buffer-pool-load-at-startup=OFF",
		"--innodb-buffer-pool-dump-at-shutdown=OFF", "--general-log=OFF", "--slow-query-log=OFF", "--wsrep-on=OFF")
	if root {
		args = append(args, "--user=root")
	}
	return args
}
