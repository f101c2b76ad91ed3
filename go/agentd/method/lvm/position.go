package lvm

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// idleLimit is after how many silent seconds the server closes the connection that holds the lock: longer than a snapshot
// may take, short enough when the agent hangs.
const idleLimit = 120

// holder holds commits on a server through one connection.
type holder struct {
	m      *LVM
	w      *method.Work
	conn   *sql.Conn
	server host.Server
}

// held calls take while no commit happens on the server, and returns the position of that moment. The lock is over when it
// returns, and when it is lost meanwhile that is an error.
func (m *LVM) held(ctx context.Context, w *method.Work, dir string, take func() error) (p agentapi.Metadata, err error) {
	db, err := m.o.Servers.Open(ctx, m.o.Servers.Local())
	if err != nil {
		return p, failed(CodeConnection, "start MySQL on the source", err, "the source's server does not answer")
	}
	defer db.Close()
	h := &holder{m: m, w: w}
	if h.server, err = m.o.Servers.Server(ctx, db); err != nil {
		return p, err
	}
	if h.conn, err = db.Conn(ctx); err != nil {
		return p, failed(CodeConnection, "", err, "the source's server does not answer")
	}
	defer h.conn.Close()
	if err := h.exec(ctx, fmt.Sprintf("SET SESSION lock_wait_timeout = %d, SESSION wait_timeout = %d", max(1, int(m.o.LockWait/time.Second)), idleLimit)); err != nil {
		return p, err
	}
	flushDisk(dir) // what is on the disk already does not make the lock longer
	if err := h.lock(ctx); err != nil {
		return p, err
	}
	since := time.Now()
	if p, err = h.position(ctx); err == nil {
		err = take()
	}
	// ctx may be over; closing the connection lets go too.
	if uerr := h.exec(context.WithoutCancel(ctx), h.statements().unlock); err == nil && uerr != nil {
		err = failed(CodeFailed, "it is tried again", uerr, "the lock on the source was lost before the snapshot was complete")
	}
	if err != nil {
		return p, err
	}
	w.Run.Say(fmt.Sprintf("commits on the source were held for %v, at %s:%d", time.Since(since).Round(time.Millisecond), p.LogFile, p.LogPos))
	return p, nil
}

type statements struct {
	lock   []string
	unlock string
}

func (h *holder) statements() statements {
	if h.server.Flavour == host.FlavourMariaDB && h.server.AtLeast(10, 4, 1) {
		return statements{lock: []string{"BACKUP STAGE START", "BACKUP STAGE FLUSH", "BACKUP STAGE BLOCK_DDL", "BACKUP STAGE BLOCK_COMMIT"}, unlock: "BACKUP STAGE END"}
	}
	return statements{lock: []string{"FLUSH NO_WRITE_TO_BINLOG TABLES WITH READ LOCK"}, unlock: "UNLOCK TABLES"}
}

func (h *holder) exec(ctx context.Context, statement string) error {
	if _, err := h.conn.ExecContext(ctx, statement); err != nil {
		return h.explain(statement, err)
	}
	return nil
}

func (h *holder) explain(statement string, err error) error {
	switch host.Errno(err) {
	case 1044, 1045, 1142, 1227:
		return permanently(failed(CodePrivileges, "docs/methods/lvm.md lists the privileges that the agent's account needs on the source", err, "the agent's account may not run %s", statement))
	}
	return fmt.Errorf("%s: %w", statement, err)
}

// lock waits a little at a time, and lets others go on between: a lock that waits for one long statement makes all others
// wait behind it.
func (h *holder) lock(ctx context.Context) error {
	end := time.Now().Add(h.m.o.LockFor)
	for try := 1; ; try++ {
		err := h.lockOnce(ctx)
		if host.Errno(err) != 1205 {
			return cause(ctx, err)
		}
		busy := h.busy(ctx)
		if time.Now().After(end) {
			return failed(CodeLocked, "wait for the end of these statements, or end them: "+busy, err, "commits on the source could not be held within %v", h.m.o.LockFor)
		}
		h.w.Run.Say(fmt.Sprintf("waiting for the lock on the source, try %d; the longest there: %s", try, busy))
		select {
		case <-time.After(h.m.o.LockWait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (h *holder) lockOnce(ctx context.Context) error {
	s := h.statements()
	for i, statement := range s.lock {
		err := h.exec(ctx, statement)
		if err == nil {
			continue
		}
		if i > 0 {
			err = errors.Join(err, h.exec(context.WithoutCancel(ctx), s.unlock))
		}
		return err
	}
	return nil
}

// busy are the longest statements of others, in words.
func (h *holder) busy(ctx context.Context) string {
	const q = `SELECT id, user, time, LEFT(COALESCE(info, state, ''), 80) FROM information_schema.processlist
		WHERE command NOT IN ('Sleep', 'Daemon', 'Binlog Dump', 'Binlog Dump GTID') AND id <> CONNECTION_ID() ORDER BY time DESC LIMIT 3`
	rows, err := h.conn.QueryContext(ctx, q)
	if err != nil {
		return err.Error()
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var id, seconds int64
		var user, text string
		if err := rows.Scan(&id, &user, &seconds, &text); err != nil {
			return err.Error()
		}
		all = append(all, fmt.Sprintf("connection %d of %s for %d s: %s", id, user, seconds, strings.Join(strings.Fields(text), " ")))
	}
	return strings.Join(all, "; ")
}

// position flushes the engines' logs and reads where the binary log is.
func (h *holder) position(ctx context.Context) (agentapi.Metadata, error) {
	if err := h.exec(ctx, "FLUSH NO_WRITE_TO_BINLOG ENGINE LOGS"); err != nil {
		return agentapi.Metadata{}, err
	}
	p, err := h.status(ctx)
	if err != nil || h.server.Flavour != host.FlavourMariaDB {
		return p, err
	}
	if err := h.conn.QueryRowContext(ctx, "SELECT @@GLOBAL.gtid_binlog_pos").Scan(&p.GtidExecuted); err != nil {
		return p, fmt.Errorf("read the GTID position: %w", err)
	}
	return p, nil
}

func (h *holder) status(ctx context.Context) (p agentapi.Metadata, err error) {
	statement := "SHOW MASTER STATUS"
	if h.server.Flavour == host.FlavourMySQL && h.server.AtLeast(8, 2, 0) {
		statement = "SHOW BINARY LOG STATUS"
	}
	rows, err := h.conn.QueryContext(ctx, statement)
	if err != nil {
		return p, h.explain(statement, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return p, err
	}
	if !rows.Next() {
		return p, errors.Join(permanently(failed(CodePosition, "turn the source's binary log on (log_bin)", nil, "the source has no binary log")), rows.Err())
	}
	values := make([]sql.NullString, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		return p, fmt.Errorf("%s: %w", statement, err)
	}
	for i, c := range columns {
		switch c {
		case "File":
			p.LogFile = values[i].String
		case "Position":
			p.LogPos, err = strconv.ParseInt(values[i].String, 10, 64)
		case "Executed_Gtid_Set":
			p.GtidExecuted = strings.Join(strings.Fields(values[i].String), "")
		}
	}
	return p, errors.Join(err, rows.Err())
}

// flushDisk writes out what the file system of dir has in memory; it need not succeed.
func flushDisk(dir string) {
	if f, err := os.Open(dir); err == nil {
		_ = unix.Syncfs(int(f.Fd()))
		f.Close()
	}
}
