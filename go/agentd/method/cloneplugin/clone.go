package cloneplugin

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// record is what the journal has of a clone, before it begins.
type record struct {
	ID     int64   // of the connection that runs the statement
	Dir    string  `json:",omitempty"` // "": over the old data
	Source string  // host:port, as the server calls it
	Since  float64 // the server's time before it began, seconds since 1970
	Done   bool    `json:",omitempty"` // the server said that it is complete
	// Threads are the source's connections that serve it, and Others those that were there before it began.
	Threads []int64 `json:",omitempty"`
	Others  []int64 `json:",omitempty"`
}

// rememberClone is the journal's key for it.
const rememberClone = "clone"

// running is a clone that goes on in the server. ended gives the statement's error when it is over; nil for one that
// another agent process began.
type running struct {
	record
	ended chan error
}

// begin starts the statement on a connection of its own.
func (m *ClonePlugin) begin(ctx context.Context, w *method.Work, db, src *sql.DB, p plan, tls bool) (*running, error) {
	addr, err := donorAddress(w)
	if err != nil {
		return nil, err
	}
	others, err := threads(ctx, src)
	if err != nil {
		return nil, err
	}
	name := donorName(addr)
	if err := (settings{donorList: name}).apply(ctx, w, db); err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, connectionError(err, "this host's MySQL")
	}
	r := &running{record: record{Dir: p.Dir, Source: name, Others: others}, ended: make(chan error, 1)}
	if err := r.journal(ctx, w, conn); err != nil {
		_ = closeConn(conn)
		return nil, err
	}
	statement := cloneStatement(m.o.Host.MySQL().User(), m.o.Password, addr, p.Dir, tls)
	go func() {
		// Not the stage's context: a driver that gives up leaves the server cloning. abort ends it.
		_, err := conn.ExecContext(context.WithoutCancel(ctx), statement)
		_ = closeConn(conn)
		r.ended <- err
	}()
	return r, nil
}

func (r *running) journal(ctx context.Context, w *method.Work, conn *sql.Conn) error {
	if err := conn.QueryRowContext(ctx, "SELECT CONNECTION_ID(), UNIX_TIMESTAMP(NOW(3))").Scan(&r.ID, &r.Since); err != nil {
		return queryError(err, "read the connection's ID")
	}
	if _, err := conn.ExecContext(ctx, "SET SESSION sql_mode = ''"); err != nil { // how the statement's strings are quoted
		return queryError(err, "set sql_mode")
	}
	return w.Run.Remember(rememberClone, r.record)
}

// cloneStatement holds the password: servers write <secret> in its place wherever they show it.
func cloneStatement(user, password string, source host.Address, dir string, tls bool) string {
	s := fmt.Sprintf("CLONE INSTANCE FROM %s@%s:%d IDENTIFIED BY %s", text(user), text(source.Host), source.Port, text(password))
	if dir != "" {
		s += " DATA DIRECTORY = " + text(dir)
	}
	if tls {
		s += " REQUIRE SSL"
	}
	return s
}

// closeConn closes the connection itself, not only its loan from the pool.
func closeConn(conn *sql.Conn) error {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	return conn.Close()
}

// earlier finds the clone that an agent which was killed began: one that goes on or is complete; nil for none.
func (m *ClonePlugin) earlier(ctx context.Context, w *method.Work, db *sql.DB, p plan) (*running, error) {
	var r record
	if found, err := w.Run.Recall(rememberClone, &r); err != nil || !found || r.ID == 0 || r.Dir != p.Dir {
		return nil, err
	}
	s, err := readStatus(ctx, db)
	if err != nil {
		return nil, err
	}
	if !s.of(r) || s.state == stateFailed || s.state == stateCompleted && !p.received() {
		return nil, nil
	}
	return &running{record: r}, nil
}

// endClone ends the clone that the journal names, if it still goes on, and removes what it has written. A connection of
// that number that does something else is none of ours.
func (m *ClonePlugin) endClone(ctx context.Context, w *method.Work, db *sql.DB) error {
	var r record
	if found, err := w.Run.Recall(rememberClone, &r); err != nil || !found || r.ID == 0 || r.Done {
		return err
	}
	const query = `SELECT COUNT(*) FROM performance_schema.threads WHERE processlist_id = ? AND processlist_user = ?
		AND processlist_info LIKE 'CLONE INSTANCE FROM%' AND LOCATE(?, processlist_info) > 0`
	goesOn := func() (bool, error) {
		var n int
		err := db.QueryRowContext(ctx, query, r.ID, m.o.Host.MySQL().User(), r.Dir).Scan(&n)
		return n > 0, err
	}
	on, err := goesOn()
	if err != nil {
		return queryError(err, "look for a clone of an earlier attempt")
	}
	if on {
		if _, err := db.ExecContext(ctx, fmt.Sprintf("KILL QUERY %d", r.ID)); err != nil && host.Errno(err) != errNoSuchThread {
			return queryError(err, "end the clone")
		}
		if err := until(ctx, time.Minute, func() error {
			if on, err := goesOn(); err != nil || !on {
				return err
			}
			return errors.New("the server goes on cloning")
		}); err != nil {
			return failed(CodeFailed, fmt.Sprintf("KILL %d on the target", r.ID), err, "end the clone")
		}
	}
	m.endThreads(ctx, w, r)
	return removeClone(r.Dir)
}

func removeClone(dir string) error {
	if dir == "" {
		return nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove what was cloned: %w", err)
	}
	return nil
}

// until calls f every 100 ms until it returns nil, and gives its last error when ctx or the time is over.
func until(ctx context.Context, most time.Duration, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}
