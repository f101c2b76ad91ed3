package quiet

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// program is how the target's server was started, as the journal of a seed keeps it.
type program struct {
	Path string   // of the executable
	Args []string // without the program's name
}

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
	var pidFile, dataDir, version string
	if err := db.QueryRowContext(ctx, "SELECT @@GLOBAL.pid_file, @@GLOBAL.datadir, VERSION()").Scan(&pidFile, &dataDir, &version); err != nil {
		return fmt.Errorf("ask the server for its process: %w", err)
	}
	if !strings.Contains(version, "MariaDB") {
		return nil
	}
	if !filepath.IsAbs(pidFile) {
		pidFile = filepath.Join(dataDir, pidFile)
	}
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return fmt.Errorf("find the server's process: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("find the server's process: %s holds no process id", pidFile)
	}
	p, err := running(pid)
	if err != nil {
		return fmt.Errorf("find the server's process: %w", err)
	}
	return w.Run.Remember(noteKey, p)
}

func running(pid int) (program, error) {
	dir := fmt.Sprintf("/proc/%d/", pid)
	path, err := os.Readlink(dir + "exe")
	if err != nil {
		return program{}, err
	}
	line, err := os.ReadFile(dir + "cmdline")
	if err != nil {
		return program{}, err
	}
	args := strings.Split(string(bytes.TrimRight(line, "\x00")), "\x00")
	return program{Path: strings.TrimSuffix(path, " (deleted)"), Args: args[1:]}, nil
}

// arguments are those of the server, with everything that would reach beyond the copy taken away.
func (p program) arguments(dir, own string, root bool) []string {
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
