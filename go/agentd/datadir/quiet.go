package datadir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// stop stops MySQL and returns when no process has the data open any more. A server that a supervisor starts again at once
// is an error.
func (k *Keeper) stop(ctx context.Context, p *plan) error {
	if err := k.server.StopMySQL(ctx); err != nil {
		return &method.StageError{Code: "mysql-stop-failed", Err: err, Text: "MySQL can't be stopped", Hint: "see that mysql.service-stop-command stops it"}
	}
	deadline := time.NewTimer(k.quiet)
	defer deadline.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		who, err := k.holder(p)
		if err != nil {
			return err
		}
		if who == "" && !k.server.MySQLRunning(ctx) {
			return nil
		}
		if who == "" {
			who = "MySQL runs again"
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-deadline.C:
			return &method.StageError{Code: "datadir-busy", Text: "the data directory is still in use after MySQL was stopped: " + who,
				Hint: "mysql.service-stop-command must also stop what starts the server again (mysqld_safe, a supervisor, a container's restart policy)"}
		}
	}
}

// holder names a process that has the data open for writing, or holds InnoDB's lock; "" when there is none. Processes of
// others are seen by root only; the lock is seen by all.
func holder(p *plan) (string, error) {
	for _, path := range p.Layout.systemFiles() {
		pid, err := lockedBy(path)
		if err != nil {
			return "", err
		}
		if pid != 0 {
			return fmt.Sprintf("process %d has locked %s", pid, path), nil
		}
	}
	procs, err := os.ReadDir("/proc")
	if err != nil {
		return "", err
	}
	for _, proc := range procs {
		pid, err := strconv.Atoi(proc.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if path := p.openBy(pid); path != "" {
			return fmt.Sprintf("process %d has %s open", pid, path), nil
		}
	}
	return "", nil
}

// lockedBy is the process that has a write lock on a file; -1 for one that can't be named.
func lockedBy(path string) (int, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, access(err)
	}
	defer f.Close()
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(f.Fd(), unix.F_GETLK, &lock); err != nil {
		return 0, nil // a file system without locks
	}
	if lock.Type == unix.F_UNLCK {
		return 0, nil
	}
	if lock.Pid <= 0 {
		return -1, nil
	}
	return int(lock.Pid), nil
}

// openBy is a file of the data that a process has open for writing.
func (p *plan) openBy(pid int) string {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	fds, err := os.ReadDir(dir)
	if err != nil {
		return "" // gone, or not to be seen
	}
	for _, fd := range fds {
		path, err := os.Readlink(filepath.Join(dir, fd.Name()))
		if err != nil || !p.isData(path) {
			continue
		}
		info, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%s", pid, fd.Name()))
		if err == nil && openForWriting(string(info)) {
			return path
		}
	}
	return ""
}

// openForWriting reads the flags of a text of /proc/PID/fdinfo.
func openForWriting(info string) bool {
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(line, "flags:"); ok {
			flags, err := strconv.ParseUint(strings.TrimSpace(v), 8, 64)
			return err == nil && flags&unix.O_ACCMODE != unix.O_RDONLY
		}
	}
	return false
}

// isData says whether a path is of the data, wherever a rename may just have brought it.
func (p *plan) isData(path string) bool {
	real := p.Layout.Real
	if within(real, path) || strings.HasPrefix(path, real+".seed-") {
		return true
	}
	for i := range p.Areas {
		a := &p.Areas[i]
		rest, ok := strings.CutPrefix(path, a.Dir+"/")
		if !ok {
			continue
		}
		name, _, _ := strings.Cut(rest, "/")
		if counts, err := a.counts(name); err == nil && counts || containerName.MatchString(name) {
			return true
		}
	}
	return false
}
