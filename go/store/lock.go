package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
)

// fileLock says that a process has the SQLite file open. It lies on a file beside the database, because closing any other
// handle of the database file itself would drop SQLite's own locks. The kernel frees it when the process dies.
type fileLock struct {
	mu   sync.Mutex
	file *os.File
}

func lockFile(path string) (*fileLock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("the database is in use by another process (%s; see %s): "+
				"SQLite serves one node; stop the other one, or use a mysql backend for several", ownerOf(f), path)
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	// The number is for people only; the lock is the kernel's.
	if err := f.Truncate(0); err == nil {
		_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
		if err != nil {
			return nil, errors.Join(fmt.Errorf("write %s: %w", path, err), f.Close())
		}
	}
	return &fileLock{file: f}, nil
}

func ownerOf(f *os.File) string {
	b, err := io.ReadAll(io.LimitReader(f, 32))
	if pid := strings.TrimSpace(string(b)); err == nil && pid != "" {
		return "process " + pid
	}
	return "process unknown"
}

func (l *fileLock) release() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}
