package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/mattn/go-sqlite3"
)

const (
	// One connection writes, and its transactions begin as writers: a transaction never finds half-way that it may not
	// write. The others read beside it, which WAL allows.
	sqliteWriter = "?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=10000&_foreign_keys=off&_txlock=immediate"
	sqliteReader = "?_busy_timeout=10000&_query_only=1&_cache_size=-512" // KiB each: the kernel has the file, too

	sqliteReaders = 8

	// sqliteLogLimit is what the write-ahead log may take. SQLite writes it from its start again only when no reader is in it,
	// and where readers overlap all the time that never happens by itself.
	sqliteLogLimit = 16 << 20 // bytes
	sqliteLogLook  = time.Second
)

func (s *Store) openSQLite(ctx context.Context, path, driver string) error {
	s.d = &sqliteDialect
	if path == "" {
		return errors.New("SQLite3DataFile is empty: name the database file")
	}
	path, err := realPath(path)
	if err != nil {
		return err
	}
	if s.lock, err = lockFile(path + ".lock"); err != nil {
		return err
	}
	if err := makePrivate(path); err != nil {
		return err
	}
	name := (&url.URL{Scheme: "file", Path: path}).String()
	if s.write, err = sql.Open(driver, name+sqliteWriter); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if err := s.write.PingContext(ctx); err != nil {
		return fmt.Errorf("open %s: %w", path, diskFull(err))
	}
	if s.read, err = sql.Open(driver, name+sqliteReader); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(sqliteReaders)
	s.read.SetMaxIdleConns(sqliteReaders)
	s.trim = startTrimming(s, path+"-wal")
	return nil
}

// realPath follows symbolic links, so that two names of one file meet at one lock.
func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real, nil
	} else if !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", fmt.Errorf("folder of the database file: %w", err)
	}
	return filepath.Join(dir, filepath.Base(path)), nil
}

// makePrivate makes a missing file readable by us alone: it will hold the agents' tokens.
func makePrivate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// sqliteRetryable: someone else (a person with the sqlite3 program) holds the file, and our busy time-out was not enough.
func sqliteRetryable(err error, committing bool) bool {
	var e sqlite3.Error
	return !committing && errors.As(err, &e) && (e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked)
}

// diskFull says in words what SQLite's "database or disk is full" asks for. Nothing of the transaction was stored, and the
// next one can succeed.
func diskFull(err error) error {
	var e sqlite3.Error
	full := errors.As(err, &e) && (e.Code == sqlite3.ErrFull || errors.Is(e.SystemErrno, syscall.ENOSPC) || errors.Is(e.SystemErrno, syscall.EDQUOT))
	if !full {
		return err
	}
	return fmt.Errorf("the disk that holds the SQLite database is full; make room there, the service goes on by itself: %w", err)
}
