package mysqldump

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpaccounts"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpfile"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpsql"
)

// loader loads one dump.
type loader struct {
	m        *Mysqldump
	w        *method.Work
	d        *dumpfile.Dump
	db       *sql.DB
	server   host.Server
	accounts *dumpaccounts.Accounts
	done     atomic.Int64 // bytes of the dump's text, and of what a carrier carries
	keyed    atomic.Int64 // what making keys later counts for, in such bytes
	carried  int64        // bytes of rows that a carrier carries

	mu          sync.Mutex
	connections []int64
}

// load does everything after the target has been emptied. The order: all tables; all rows, in parallel; users and roles,
// so that definers exist; routines, triggers and views; their privileges; events; the agent's own account last.
func (l *loader) load(ctx context.Context) error {
	s, err := l.open(ctx)
	if err != nil {
		return err
	}
	defer s.end()
	r, err := l.d.NewReader()
	if err != nil {
		return err
	}
	defer r.Close()
	if err := l.frames(ctx, s, r, "making tables", dumpfile.Database, dumpfile.Table); err != nil {
		return err
	}
	if err := l.allRows(ctx); err != nil {
		return err
	}
	apply, err := dumpaccounts.NewApply(ctx, s.Conn, l.accounts, l.server, l.w.Run.Say)
	if err != nil {
		return accountsError(err)
	}
	if err := keepOldAccounts(l.w, apply.Have()); err != nil {
		return err
	}
	if err := apply.Create(ctx); err != nil {
		return accountsError(err)
	}
	for _, kind := range []dumpfile.Kind{dumpfile.Routine, dumpfile.Trigger, dumpfile.View} {
		if err := l.frames(ctx, s, r, "making "+string(kind)+"s", kind); err != nil {
			return err
		}
	}
	if err := apply.Grant(ctx); err != nil {
		return accountsError(err)
	}
	if err := l.frames(ctx, s, r, "making events", dumpfile.Event); err != nil {
		return err
	}
	if err := l.checkEvents(ctx, s); err != nil {
		return err
	}
	if err := putPacketBack(ctx, l.w, l.db); err != nil {
		return err
	}
	if err := apply.Own(ctx); err != nil {
		return accountsError(err)
	}
	return nil
}

// frames runs the statements of all frames of these kinds, in the dump's order.
func (l *loader) frames(ctx context.Context, s *session, r *dumpfile.Reader, what string, kinds ...dumpfile.Kind) error {
	if len(l.d.Schemas) == 0 {
		return nil
	}
	for _, f := range l.d.Frames {
		for _, k := range kinds {
			if f.Kind != k {
				continue
			}
			if err := l.frame(ctx, s, r, f); err != nil {
				return err
			}
			l.moved(f.Raw, what)
		}
	}
	return nil
}

func (l *loader) frame(ctx context.Context, s *session, r *dumpfile.Reader, f dumpfile.Frame) error {
	if f.Kind != dumpfile.Database {
		if err := s.use(ctx, f.DB); err != nil {
			return err
		}
	}
	var split dumpsql.Splitter
	run := func(statement []byte) error {
		text := string(statement)
		if f.Kind == dumpfile.Event {
			text = disableEvent(text, l.server)
		}
		return s.exec(ctx, text)
	}
	if err := r.Lines(f, func(line []byte) error { return split.Line(line, run) }); err != nil {
		return err
	}
	if f.Kind == dumpfile.Database {
		s.db = f.DB // its statements end with USE
	}
	return split.Rest(run)
}

// inserts runs the INSERTs of a frame of rows; anything else in it is left out. Its text is not looked into: a statement
// ends where a line ends with a semicolon.
func (l *loader) inserts(ctx context.Context, s *session, r *dumpfile.Reader, f dumpfile.Frame, buf []byte) ([]byte, error) {
	buf = buf[:0]
	err := r.Lines(f, func(line []byte) error {
		if len(buf) == 0 && !bytes.HasPrefix(line, []byte("INSERT INTO ")) {
			return nil
		}
		buf = append(buf, line...)
		if !bytes.HasSuffix(line, []byte(";\n")) {
			return nil
		}
		if err := s.exec(ctx, string(buf[:len(buf)-2])); err != nil {
			return err
		}
		l.moved(int64(len(buf)), "loading "+f.DB+"."+f.Name)
		buf = buf[:0]
		return nil
	})
	if err == nil && len(buf) > 0 {
		err = fmt.Errorf("rows of %s.%s: a statement without an end", f.DB, f.Name)
	}
	return buf, err
}

func (l *loader) moved(n int64, what string) {
	total := l.total()
	l.w.Run.Progress(min(l.done.Add(n), total), total, what)
}

// total is what done comes to in the end, as far as it is known.
func (l *loader) total() int64 { return l.d.Raw + l.carried + l.keyed.Load() }

// carrierRun is a Runner whose bytes count from what was done before, of the loader's total.
type carrierRun struct {
	method.Runner
	l    *loader
	base int64
}

// Progress implements method.Runner.
func (r carrierRun) Progress(n, _ int64, what string) {
	r.l.done.Store(r.base + min(n, r.l.carried))
	r.l.moved(0, what)
}

func accountsError(err error) error {
	return loadError(err, "making accounts")
}
