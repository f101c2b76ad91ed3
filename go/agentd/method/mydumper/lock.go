package mydumper

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
)

// lockPatience is how long, in seconds, the lock may wait for statements that run on the source: all writes wait behind it.
const lockPatience = 30

// toTheEnd, as a number of connections, keeps the lock until mydumper has ended.
const toTheEnd = -1

// readLock is a read lock on a whole MySQL server, held by the agent from before mydumper's connections begin their
// transactions until all of them have: so these see one moment, whose position is read meanwhile. mydumper's own lock would
// do, but 0.10 asks for the position with SHOW MASTER STATUS, which MySQL has no more since 8.4.
type readLock struct {
	db   *sql.DB
	conn *sql.Conn // holds the lock: it is gone with the connection
	pos  agentapi.Metadata
	need int // connections that must have begun, or toTheEnd

	mu       sync.Mutex
	ids      []string // of mydumper's connections
	complete chan struct{}
}

// lockSource locks and reads the position; end must be called.
func lockSource(ctx context.Context, from mysqldump.CarrierSource, connections int) (_ *readLock, err error) {
	conn, err := from.DB.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock the source: %w", err)
	}
	l := &readLock{db: from.DB, conn: conn, need: connections, complete: make(chan struct{})}
	defer func() {
		if err != nil {
			l.end()
		}
	}()
	for _, statement := range []string{fmt.Sprintf("SET SESSION lock_wait_timeout = %d, wait_timeout = 2147483", lockPatience), "FLUSH TABLES WITH READ LOCK"} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return nil, lockError(err, statement)
		}
	}
	if l.pos, err = position(ctx, conn, from.Server); err != nil {
		return nil, err
	}
	return l, nil
}

func lockError(err error, statement string) error {
	const timeout, denied = 1205, 1227
	hint := "see the error log of the source's MySQL"
	switch host.Errno(err) {
	case timeout:
		hint = fmt.Sprintf("a statement on the source has been running for more than %d s: wait for its end, or use Mysqldump or ClonePlugin", lockPatience)
	case denied:
		hint = "the agent's account lacks a privilege on the source; docs/methods/mydumper.md lists those it needs"
	}
	return failed(mysqldump.CodeDump, hint, err, "lock the source with %s", statement)
}

// position reads where the source's binary log stands.
func position(ctx context.Context, conn *sql.Conn, server host.Server) (agentapi.Metadata, error) {
	statement := "SHOW MASTER STATUS"
	if server.AtLeast(8, 2, 0) {
		statement = "SHOW BINARY LOG STATUS"
	}
	var m agentapi.Metadata
	var do, ignore string
	err := conn.QueryRowContext(ctx, statement).Scan(&m.LogFile, &m.LogPos, &do, &ignore, &m.GtidExecuted)
	if errors.Is(err, sql.ErrNoRows) {
		return m, failed(mysqldump.CodeCut, "turn the binary log on at the source (log_bin)", err, "the source has no binary log")
	}
	if err != nil {
		return m, fmt.Errorf("read the source's position: %w", err)
	}
	var mode string
	if err := conn.QueryRowContext(ctx, "SELECT @@GLOBAL.gtid_mode").Scan(&mode); err != nil {
		return m, fmt.Errorf("read gtid_mode: %w", err)
	}
	if m.GtidExecuted = strings.ReplaceAll(m.GtidExecuted, "\n", ""); !strings.HasPrefix(mode, "ON") { // of a time when they were on
		m.GtidExecuted = ""
	}
	return m, nil
}

var connected = regexp.MustCompile(`connected using MySQL connection ID (\d+)`)

// saw is told every line of mydumper's.
func (l *readLock) saw(line string) {
	m := connected.FindStringSubmatch(line)
	if m == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if slices.Contains(l.ids, m[1]) {
		return
	}
	if l.ids = append(l.ids, m[1]); len(l.ids) == l.need {
		close(l.complete)
	}
}

// release waits until all of mydumper's connections have begun, and unlocks; it gives up when ctx is done. The lock counts as
// held until then only if this returns nil.
func (l *readLock) release(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return l.unlock()
	case <-l.complete:
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		begun, err := l.begun(ctx)
		if begun || ctx.Err() != nil {
			return l.unlock()
		}
		if err != nil {
			return lockError(err, "a look at mydumper's transactions")
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// begun says whether every connection has a transaction and has left the statement that began it. The two are asked in this
// order: a connection without START TRANSACTION may not have come to it yet.
func (l *readLock) begun(ctx context.Context) (bool, error) {
	list := strings.Join(l.ids, ", ")
	var n int
	if err := l.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_mysql_thread_id IN ("+list+")").Scan(&n); err != nil || n < l.need {
		return false, err
	}
	err := l.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.processlist WHERE id IN ("+list+") AND info LIKE 'START TRANSACTION%'").Scan(&n)
	return n == 0, err
}

// unlock uses a context of its own: it is called when others are over.
func (l *readLock) unlock() error {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	if _, err := l.conn.ExecContext(ctx, "UNLOCK TABLES"); err != nil {
		return failed(mysqldump.CodeDump, "the next attempt may succeed; see the source's error log", err, "the lock on the source was lost")
	}
	return nil
}

// end closes the connection, and with it the lock.
func (l *readLock) end() {
	_ = l.conn.Raw(func(any) error { return errClosed })
	_ = l.conn.Close()
}

// errClosed makes database/sql close a connection instead of keeping it.
var errClosed = driver.ErrBadConn
