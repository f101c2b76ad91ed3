package quiet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// statements are what a replica's data lacks. Each is on one line, as the bootstrap mode wants it.
const statements = "UPDATE mysql.event SET status = 'SLAVESIDE_DISABLED' WHERE status = 'ENABLED';\n"

// Settle runs the server's program on the copy in dir, a flat data directory whose log may or may not be applied. It changes
// nothing but the copy, and may be called again. What it needs besides lies in the seed's directory and is removed. A copy
// that is not MariaDB's is left alone. Where no server ran when the seed began, last is how it was started when it ran last.
func Settle(ctx context.Context, w *method.Work, dir string, last host.Program) (err error) {
	if _, err := os.Stat(filepath.Join(dir, "mysql", "event.MAI")); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var p host.Program
	if _, err := w.Run.Recall(noteKey, &p); err != nil {
		return err
	}
	if p.Path == "" {
		p = last
	}
	if _, err := os.Stat(p.Path); p.Path == "" || errors.Is(err, fs.ErrNotExist) { // nobody knows, or it is another one by now
		if p.Path, err = find(); err != nil {
			return err
		}
	}
	own := filepath.Join(w.Dir, "quiet")
	if err := os.RemoveAll(own); err != nil {
		return err
	}
	if err := os.Mkdir(own, 0o700); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(own)) }()
	cmd := w.Run.Command(ctx, nil, p.Path, arguments(p, dir, own, os.Geteuid() == 0)...)
	cmd.Stdin = strings.NewReader(statements)
	cmd.Dir = own
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		tail, _ := host.LogTail(filepath.Join(own, "error.log"), 40) // what there is of it
		return notStarted(filepath.Base(p.Path), dir, tail, err)
	}
	w.Run.Say("the server starts on the copy; its events are disabled there, as on a replica")
	return nil
}

// notStarted is the error of a program that ended on the copy in dir, told by the first error in its log.
func notStarted(program, dir, log string, err error) error {
	text := fmt.Sprintf("%s does not start on the copy, which was not put in the place of the old data", program)
	var exit *exec.ExitError
	for line := range strings.Lines(log) {
		if _, what, found := strings.Cut(line, "[ERROR] "); found && errors.As(err, &exit) {
			err = fmt.Errorf("%s: %s", exit, strings.TrimSpace(what))
			break
		}
	}
	const little = 1 << 20
	var fs syscall.Statfs_t
	known := syscall.Statfs(dir, &fs) == nil
	free := int64(fs.Bavail) * fs.Bsize
	low := strings.ToLower(log)
	if known && free < little || strings.Contains(low, "no space left") || strings.Contains(low, "errcode: 28") || strings.Contains(low, "error 28") || strings.Contains(low, "disk is full") {
		return &method.StageError{Code: "disk-full", Err: err, Text: text + ": no space left",
			Hint: fmt.Sprintf("free space on the file system of %s, %s are left; then agent-retry-seed", dir, method.Size(free))}
	}
	return &method.StageError{Code: "mysql-start-failed", Err: err, Text: text, Hint: "see what it says: " + strings.TrimSpace(log)}
}

// find looks for the server's program where it usually is.
func find() (string, error) {
	for _, name := range []string{"mariadbd", "mysqld", "/usr/sbin/mariadbd", "/usr/sbin/mysqld", "/usr/libexec/mariadbd"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", &method.StageError{Code: "mysql-program-missing", Text: "mariadbd is not found on this host", Permanent: true,
		Hint: "install the server, or add its directory to the agent's PATH"}
}
