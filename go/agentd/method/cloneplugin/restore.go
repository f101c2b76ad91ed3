package cloneplugin

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/quiet"
)

// rememberPosition is the journal's key for where the clone stands.
const rememberPosition = "clone-position"

// Restore implements method.Method: the target's server is started on the clone.
func (m *ClonePlugin) Restore(ctx context.Context, w *method.Work) error {
	if w.Side != agentapi.Target {
		return nil
	}
	var r record
	if _, err := w.Run.Recall(rememberClone, &r); err != nil {
		return err
	}
	p, _, err := recallPlan(w)
	if err != nil {
		return err
	}
	if !r.Done {
		return failed(CodeIncomplete, "make the backup again", nil, "there is no complete clone on this host; nothing was changed")
	}
	if p.InPlace {
		if err := m.o.Host.StartMySQL(ctx); err != nil {
			return failed(CodeStart, "see the end of the target's error log (agent-mysql-error-log)", err, "MySQL does not start on the clone")
		}
		return m.settle(ctx, w, r)
	}
	if err := m.quietly(ctx, w, r); err != nil {
		return err
	}
	w.Run.Progress(0, 0, "starting MySQL on the clone")
	if err := m.o.Keeper.Swap(ctx, w); err != nil {
		return startError(err)
	}
	return m.settle(ctx, w, r)
}

// quietly sees to it that the first start on the clone is a quiet one. A server that is down, or on the clone already, was
// told so by an earlier attempt.
func (m *ClonePlugin) quietly(ctx context.Context, w *method.Work, r record) error {
	hushed, err := quiet.Hushed(w)
	if err != nil {
		return err
	}
	db, err := m.settled(ctx)
	if err != nil || db == nil && hushed {
		return err
	}
	if db == nil {
		if err := m.o.Host.StartMySQL(ctx); err != nil {
			return failed(CodeStart, "see the end of the target's error log (agent-mysql-error-log)", err, "MySQL does not start on its old data")
		}
		if db, err = m.local(ctx); err != nil {
			return err
		}
	}
	defer db.Close()
	s, err := readStatus(ctx, db)
	if err != nil || s.onClone(r) {
		return err
	}
	f, _, err := checkRecipient(ctx, db)
	if err != nil {
		return err
	}
	return quiet.Hush(ctx, w, db, f.version)
}

// settle makes a replica-to-be of the server that runs on the clone, and notes where the clone stands. It may be called
// again.
func (m *ClonePlugin) settle(ctx context.Context, w *method.Work, r record) error {
	db, err := m.local(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	s, err := readStatus(ctx, db)
	if err != nil {
		return err
	}
	if !s.onClone(r) {
		return failed(CodeStart, "see the target's error log", nil, "MySQL runs, but not on the clone of %s: its last clone is of %q", r.Source, s.source)
	}
	if err := s.err(); err != nil {
		return err
	}
	if s.position.LogFile == "" && s.position.GtidExecuted == "" {
		return permanent(CodeServer, "is the source's binary log on?", nil, "the clone has no position in the source's binary log")
	}
	f, err := readFacts(ctx, db)
	if err != nil {
		return err
	}
	if err := quiet.AsReplica(ctx, w, db, f.version); err != nil {
		return err
	}
	if err := quiet.Noisy(ctx, w, db); err != nil {
		return err
	}
	w.Run.Say(fmt.Sprintf("MySQL runs on the clone, which stands at %s:%d", s.position.LogFile, s.position.LogPos))
	return w.Run.Remember(rememberPosition, s.position)
}

// Metadata implements method.Method: the position that Restore noted.
func (m *ClonePlugin) Metadata(_ context.Context, w *method.Work) (agentapi.Metadata, error) {
	var at agentapi.Metadata
	if _, err := w.Run.Recall(rememberPosition, &at); err != nil {
		return at, err
	}
	if at == (agentapi.Metadata{}) {
		return at, failed(CodeIncomplete, "", nil, "MySQL was not started on a clone yet, so that its position is not known")
	}
	return at, nil
}

// Cleanup implements method.Method: the old data goes, and what was changed on the servers is put back.
func (m *ClonePlugin) Cleanup(ctx context.Context, w *method.Work) error {
	if w.Side == agentapi.Target {
		p, found, err := recallPlan(w)
		if err != nil {
			return err
		}
		if found && !p.InPlace {
			if err := m.o.Keeper.Drop(ctx, w); err != nil {
				return err
			}
		}
	}
	if err := m.asBefore(ctx, w); err != nil {
		return err
	}
	return quiet.Forget(w)
}

// Release implements method.Method.
func (m *ClonePlugin) Release(ctx context.Context, w *method.Work) error {
	if w.Side != agentapi.Target {
		return m.asBefore(ctx, w)
	}
	p, _, err := recallPlan(w)
	if err != nil {
		return err
	}
	if err := m.endEverything(ctx, w, p); err != nil {
		return err
	}
	if err := m.o.Keeper.PutBack(ctx, w); err != nil {
		return err
	}
	if err := m.asBefore(ctx, w); err != nil {
		return err
	}
	return errors.Join(quiet.Forget(w), w.Run.Remember(rememberPlan, plan{}), w.Run.Remember(rememberClone, record{}))
}

// endEverything ends a clone that goes on, and brings a server back that went down over cloning in place. A server that is
// down clones nothing.
func (m *ClonePlugin) endEverything(ctx context.Context, w *method.Work, p plan) error {
	if p.InPlace && !m.o.Host.MySQLRunning(ctx) {
		if err := m.o.Host.StartMySQL(ctx); err != nil {
			w.Run.Say("MySQL does not start on what the clone left: " + err.Error())
		}
	}
	var r record
	if _, err := w.Run.Recall(rememberClone, &r); err != nil {
		return err
	}
	if !m.o.Host.MySQLRunning(ctx) {
		m.endThreads(ctx, w, r)
		return removeClone(p.Dir)
	}
	if p.InPlace && r.ID != 0 && !r.Done {
		w.Run.Say("the old data were erased for the clone, which did not come to its end: this server has no data of users")
	}
	db, err := m.settled(ctx)
	if err != nil {
		return err
	}
	if db == nil { // it has gone down
		m.endThreads(ctx, w, r)
		return removeClone(p.Dir)
	}
	defer db.Close()
	return m.endClone(ctx, w, db)
}

// settled connects to this host's server; nil when it is down. One that was on its way down or up when the agent before this
// one died, is given a minute.
func (m *ClonePlugin) settled(ctx context.Context) (*sql.DB, error) {
	const most, every = time.Minute, 500 * time.Millisecond
	wait, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		db, err := m.local(ctx)
		if err == nil {
			return db, nil
		}
		if !m.o.Host.MySQLRunning(ctx) {
			return nil, nil
		}
		select {
		case <-wait.Done():
			return nil, err
		case <-tick.C:
		}
	}
}

// asBefore puts back what the seed changed on this host's server; it may be called again, and when nothing was changed.
func (m *ClonePlugin) asBefore(ctx context.Context, w *method.Work) error {
	if changed, err := changedAnything(w); err != nil || !changed {
		return err
	}
	db, err := m.settled(ctx)
	if err != nil {
		return err
	}
	if db == nil {
		if p, _, err := recallPlan(w); err != nil || p.InPlace {
			return err // erased, and not to be started: told by Restore or Backup
		}
		if db, err = m.local(ctx); err != nil { // says why
			return err
		}
	}
	defer db.Close()
	if err := quiet.Noisy(ctx, w, db); err != nil {
		return err
	}
	if w.Side == agentapi.Source {
		if err := errors.Join(m.endPeer(ctx, w, db), w.Run.Remember(rememberDonor, false)); err != nil {
			return err
		}
	}
	if err := putSettingsBack(ctx, w, db); err != nil {
		return err
	}
	return uninstall(ctx, w, db)
}

func changedAnything(w *method.Work) (bool, error) {
	var before map[string]string
	var installed, donated bool
	hushed, err1 := quiet.Hushed(w)
	_, err2 := w.Run.Recall(rememberSettings, &before)
	_, err3 := w.Run.Recall(rememberPlugin, &installed)
	_, err4 := w.Run.Recall(rememberDonor, &donated)
	return hushed || len(before) > 0 || installed || donated, errors.Join(err1, err2, err3, err4)
}
