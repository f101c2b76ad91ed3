package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

// Options says which backend to open.
type Options struct {
	Dialect string // "sqlite3" or "mysql"
	Path    string // sqlite3: the database file; its folder must exist
	MySQL   MySQL  // mysql: the server
	// Driver is another name under which a driver of SQLite is registered: a benchmark's, which counts statements.
	Driver string
	Log    *slog.Logger
	Clock  agent.Clock // default: the system's
}

// MySQL names the backend server. The database must exist; the account needs all rights on it.
type MySQL struct {
	// Host is the server, or the members of a replicated one as "host1:3306,host2:3306": that which takes writes is used.
	Host     string
	Port     int // where Host names none; default 3306
	Database string
	User     string
	Password string
	TLS      *tls.Config // nil: none
	// Patience is how long Open waits for a server that does not answer; default 30 s.
	Patience time.Duration
}

// Store is a backend. Its methods may be called from many goroutines.
type Store struct {
	d         *dialect
	write     *sql.DB
	read      *sql.DB
	lock      *fileLock  // sqlite3 only
	trim      *trimming  // sqlite3 only
	primaries *primaries // mysql with several servers only
	log       *slog.Logger
	clock     agent.Clock
	moves     gathering
	holder    string // of leases: this Store and no other, even under the same node name
}

var (
	_ agent.Store   = (*Store)(nil)
	_ agent.Queries = (*Store)(nil)
)

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

// Open connects, brings the schema up to date and returns the store. On sqlite3 it refuses a file that another process (or
// another Store) has open; on mysql it waits for a server that does not answer yet. The caller closes it.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{log: o.Log, clock: o.Clock, holder: rand.Text()}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.clock == nil {
		s.clock = systemClock{}
	}
	var err error
	switch o.Dialect {
	case sqliteDialect.name:
		err = s.openSQLite(ctx, o.Path, cmp.Or(o.Driver, "sqlite3"))
	case mysqlDialect.name:
		err = s.openMySQL(ctx, o.MySQL)
	default:
		return nil, fmt.Errorf("open backend: unknown BackendDB %q: known are sqlite3 and mysql", o.Dialect)
	}
	if err == nil {
		s.moves.most = s.d.writers
		err = s.migrate(ctx)
	}
	if err == nil && s.lock != nil {
		err = s.endDeadLease(ctx)
	}
	if err == nil {
		err = s.dropDeadLease(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s backend: %w", o.Dialect, err), s.Close())
	}
	return s, nil
}

// Backend is "sqlite3" or "mysql".
func (s *Store) Backend() string { return s.d.name }

// Close ends all connections; on sqlite3 another process may open the file then. It may be called twice.
func (s *Store) Close() error {
	var errs []error
	if s.trim != nil {
		s.trim.end()
	}
	if s.read != nil && s.read != s.write {
		errs = append(errs, s.read.Close())
	}
	if s.write != nil {
		errs = append(errs, s.write.Close())
	}
	if s.primaries != nil {
		errs = append(errs, s.primaries.close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.release())
	}
	return errors.Join(errs...)
}
