package inst

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/go-sql-driver/mysql"
)

// stopping is how replication of one channel is stopped. The server's own statement waits without end for an applier that
// waits for a lock: somebody's LOCK TABLES or open transaction, and whoever asks for the replica's status waits with it.
type stopping struct {
	*session
	channel string
	step    func(string)
	// discard: what the applier has begun need not be kept whole, because its source is forgotten. Only then may it be ended:
	// tables without transactions keep what it had written there.
	discard bool
}

// stopReplica stops both threads of a channel. It takes two times StopPatience at most.
func (s *session) stopReplica(ctx context.Context, channel string, discard bool, step func(string)) error {
	p := stopping{session: s, channel: channel, step: step, discard: discard}
	if err := s.exec(ctx, p.statement(" IO_THREAD")); err != nil {
		return err
	}
	if err := p.unlock(ctx); err != nil { // first: the statement can't be taken back
		return err
	}
	return p.stopApplier(ctx)
}

func (p *stopping) statement(thread string) string {
	name := p.dialect.channel("%s", p.channel)
	if p.dialect.Flavour == MariaDB {
		return p.dialect.channel(p.dialect.StopReplica, p.channel) + thread
	}
	return p.dialect.channel(p.dialect.StopReplica, "") + thread + name
}

// unlock returns when the applier waits for no lock: by itself, or because it was ended after StopPatience.
func (p *stopping) unlock(ctx context.Context) error {
	since := time.Now()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		waiting, err := p.waiting(ctx)
		if err != nil || len(waiting) == 0 {
			return err
		}
		if time.Since(since) > p.opt.StopPatience {
			return p.end(ctx, waiting)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return p.fail(ctx.Err())
		}
	}
}

// stopApplier runs the statement on a connection that may be given up.
func (p *stopping) stopApplier(ctx context.Context) error {
	conn, err := p.db.Conn(ctx)
	if err != nil {
		return p.fail(err)
	}
	statement := p.statement(" SQL_THREAD")
	ctx, cancel := context.WithTimeout(ctx, 2*p.opt.StopPatience)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := conn.ExecContext(ctx, sessionMode)
		if err == nil {
			_, err = conn.ExecContext(ctx, statement)
		}
		conn.Close()
		ended <- err
	}()
	patience := time.NewTimer(p.opt.StopPatience)
	defer patience.Stop()
	for {
		select {
		case <-patience.C: // it came to a lock since, or has a long way to the end of a transaction
			waiting, err := p.waiting(ctx)
			if err == nil && len(waiting) > 0 {
				err = p.end(ctx, waiting)
			}
			if err != nil {
				cancel()
				<-ended
				return err
			}
		case err := <-ended:
			switch {
			case err == nil:
				return nil
			case ctx.Err() == nil:
				return p.failStatement(ctx, statement, err)
			case errors.Is(ctx.Err(), context.Canceled):
				return p.fail(ctx.Err())
			}
			return &Error{Code: CodeLocked, Op: p.op, Host: p.addr.String(), Text: fmt.Sprintf("the replication's applier has not stopped within %v", 2*p.opt.StopPatience),
				Hint: "it is inside of a long transaction, or waits for somebody's lock: see SHOW PROCESSLIST there; this is tried again"}
		}
	}
}

// applier is a thread of replication that waits for a lock.
type applier struct {
	id      string
	state   string
	seconds string
}

const waitingQuery = `SELECT ID, COALESCE(STATE, ''), COALESCE(TIME, 0) FROM information_schema.PROCESSLIST WHERE USER = 'system user'
	AND (STATE LIKE 'Waiting for %lock' OR STATE = 'Waiting for table flush'
		OR ID IN (SELECT trx_mysql_thread_id FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT')) ORDER BY ID`

func (p *stopping) waiting(ctx context.Context) ([]applier, error) {
	var all []applier
	err := p.rows(ctx, waitingQuery, func(_ []string, v []sql.NullString) error {
		all = append(all, applier{id: v[0].String, state: v[1].String, seconds: v[2].String})
		return nil
	})
	return all, err
}

// end ends appliers: their transaction is rolled back. Where that can't be done it is an error that names who holds the lock.
func (p *stopping) end(ctx context.Context, waiting []applier) error {
	first := waiting[0]
	held := p.holders(ctx)
	text := fmt.Sprintf("replication can't be stopped: its applier (connection %s) has been waiting for a lock for %s s (%s)%s", first.id, first.seconds, first.state, held.sentence())
	if !p.discard {
		return &Error{Code: CodeLocked, Op: p.op, Host: p.addr.String(), Text: text, Hint: held.hint()}
	}
	for _, a := range waiting {
		err := p.exec(ctx, "KILL "+a.id)
		var answer *mysql.MySQLError
		switch {
		case err == nil:
			p.step(fmt.Sprintf("ended the applier on %s, which had been waiting for a lock for %s s (%s)%s", p.addr, a.seconds, a.state, held.sentence()))
		case errors.As(err, &answer) && answer.Number == errNoSuchThread:
		case errors.As(err, &answer) && (deniedErrors[answer.Number] || answer.Number == errKillDenied):
			return &Error{Code: CodeLocked, Op: p.op, Host: p.addr.String(), Text: text,
				Hint: held.hint() + "; or let the topology account end the applier: GRANT " + killRight(p.version)}
		default:
			return err
		}
	}
	return nil
}

const (
	errNoSuchThread = 1094
	errKillDenied   = 1095
)

// killRight is what ends other accounts' connections. MySQL counts an applier among the system's own.
func killRight(v Version) string {
	switch {
	case v.Flavour == MariaDB && v.AtLeast(10, 5):
		return "CONNECTION ADMIN"
	case v.Flavour == MySQL && v.AtLeast(8, 0):
		return "CONNECTION_ADMIN, SYSTEM_USER"
	}
	return "SUPER"
}
