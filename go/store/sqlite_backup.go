package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

// BackupSQLite writes a whole, consistent copy of the SQLite database at path to the new file to, readable by its owner
// alone, and returns its size in bytes. A service may go on using the database: its writes are not held up, and those that
// end after the copy has begun are not in it. The copy has been read back whole before it gets its name; a file that exists
// is never replaced. Other errors: no such database, no room.
func BackupSQLite(ctx context.Context, path, to string) (size int64, err error) {
	if path, err = realPath(path); err != nil {
		return 0, err
	}
	if _, err := os.Stat(path); err != nil {
		return 0, fmt.Errorf("find the database: %w", err)
	}
	if _, err := os.Lstat(to); err == nil {
		return 0, fmt.Errorf("%s exists already; name a file that does not", to)
	}
	// In the same directory, so that it can be given its name in one step.
	f, err := os.CreateTemp(filepath.Dir(to), ".backup-*")
	if err != nil {
		return 0, fmt.Errorf("make the copy's file: %w", err)
	}
	defer func() {
		err = errors.Join(err, f.Close(), os.Remove(f.Name()))
	}()
	if err := vacuumInto(ctx, path, f.Name()); err != nil {
		return 0, fmt.Errorf("copy %s: %w", path, diskFull(err))
	}
	if err := intact(ctx, f.Name()); err != nil {
		return 0, fmt.Errorf("the copy of %s is not whole: %w", path, err)
	}
	if err := f.Sync(); err != nil {
		return 0, fmt.Errorf("write the copy: %w", err)
	}
	info, err := os.Stat(f.Name())
	if err != nil {
		return 0, err
	}
	if err := os.Link(f.Name(), to); err != nil { // refuses where a rename would replace
		return 0, fmt.Errorf("name the copy: %w", err)
	}
	return info.Size(), syncDir(filepath.Dir(to))
}

// vacuumInto copies within one read transaction; the copy needs no write-ahead log.
func vacuumInto(ctx context.Context, from, to string) error {
	db, err := openFile(from, "?mode=rw&_busy_timeout=10000")
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", to)
	return errors.Join(err, db.Close())
}

// intact reads a whole database and its indexes.
func intact(ctx context.Context, path string) error {
	db, err := openFile(path, "?mode=ro&immutable=1")
	if err != nil {
		return err
	}
	var word string
	err = db.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&word)
	if err == nil && word != "ok" {
		err = errors.New(word)
	}
	return errors.Join(err, db.Close())
}

func openFile(path, options string) (*sql.DB, error) {
	db, err := sql.Open("sqlite3", (&url.URL{Scheme: "file", Path: path}).String()+options)
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
