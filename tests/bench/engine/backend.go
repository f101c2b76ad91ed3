package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/go/store"
)

const sqlite = "sqlite"

// backend gives each measurement an empty database.
type backend struct {
	name   string
	dir    string
	server *sandbox.Server // nil: SQLite
	status *sql.DB         // of the server
	sqlite *atomic.Int64   // statements, without a server
	made   int
}

// counted is the driver's name.
const counted = "sqlite3-counted"

func (b bench) backend(ctx context.Context, name string) (*backend, error) {
	be := &backend{name: name, dir: b.dir}
	if name == sqlite {
		be.sqlite = countSQLite(counted)
		return be, nil
	}
	kind, err := sandbox.ParseKind(name)
	if err != nil {
		return nil, err
	}
	// Each commit is on disk, as servers have it out there.
	be.server, err = sandbox.Start(ctx, sandbox.Options{Kind: kind, Extra: []string{"innodb_flush_log_at_trx_commit=1"}})
	if err != nil {
		return nil, err
	}
	be.status = be.server.Open("")
	return be, nil
}

func (b *backend) close() error {
	if b.server == nil {
		return nil
	}
	return errors.Join(b.status.Close(), b.server.Close())
}

// database is an empty one: how the store opens it, and how it is filled.
func (b *backend) database(ctx context.Context) (store.Options, *sql.DB, error) {
	b.made++
	if b.server == nil {
		path := filepath.Join(b.dir, fmt.Sprintf("seed-%d.sqlite3", b.made))
		db, err := sql.Open("sqlite3", path+"?_busy_timeout=10000")
		return store.Options{Dialect: "sqlite3", Path: path, Driver: counted}, db, err
	}
	name := fmt.Sprintf("seed_%d", b.made)
	if _, err := b.status.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return store.Options{}, nil, err
	}
	return store.Options{Dialect: "mysql", MySQL: store.MySQL{Host: b.server.Host, Port: b.server.Port, Database: name,
		User: sandbox.AdminUser, Password: b.server.Passwords.Admin}}, b.server.Open(name), nil
}

// statements is how many there have been so far.
func (b *backend) statements(ctx context.Context) (int64, error) {
	if b.server == nil {
		return b.sqlite.Load(), nil
	}
	var name string
	var n int64
	err := b.status.QueryRowContext(ctx, "SHOW GLOBAL STATUS LIKE 'Questions'").Scan(&name, &n)
	return n, err
}

// filled opens a store with a world in it.
func (b *backend) filled(ctx context.Context, w world) (*store.Store, store.Options, error) {
	o, db, err := b.database(ctx)
	if err != nil {
		return nil, o, err
	}
	defer db.Close()
	s, err := store.Open(ctx, o)
	if err != nil {
		return nil, o, err
	}
	if err := w.fill(ctx, s, db); err != nil {
		return nil, o, errors.Join(err, s.Close())
	}
	return s, o, nil
}
