package cloneplugin

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/quiet"
)

// Backup implements method.Method: the target's server clones the source's.
func (m *ClonePlugin) Backup(ctx context.Context, w *method.Work) error {
	if w.Side != agentapi.Target {
		return nil
	}
	p, found, err := recallPlan(w)
	if err != nil {
		return err
	}
	if !found {
		return failed(CodeIncomplete, "start the seed anew", nil, "nothing was prepared for a clone on this host")
	}
	if p.InPlace {
		if over, err := m.comeBack(ctx, w); err != nil || over {
			return err
		}
	}
	db, err := m.local(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	target, client, err := checkRecipient(ctx, db)
	if err != nil {
		return err
	}
	src, source, err := m.donor(ctx, w, target, client)
	if err != nil {
		return err
	}
	defer src.Close()
	if err := checkDonorPlugin(ctx, src); err != nil {
		return err
	}
	return m.copy(ctx, w, db, src, source, p)
}

func checkDonorPlugin(ctx context.Context, src *sql.DB) error {
	status, err := pluginStatus(ctx, src)
	if err == nil && status != "ACTIVE" {
		return failed(CodePlugin, "INSTALL PLUGIN clone SONAME 'mysql_clone.so' on the source, or let its agent do it (install-plugin)", nil,
			"the clone plugin is not active on the source")
	}
	return err
}

// copy clones, or waits for the clone of an agent that was killed, and proves the result.
func (m *ClonePlugin) copy(ctx context.Context, w *method.Work, db, src *sql.DB, source *facts, p plan) error {
	r, err := m.earlier(ctx, w, db, p)
	if err != nil {
		return err
	}
	if r == nil {
		if r, err = m.anew(ctx, w, db, src, source, p); err != nil {
			return err
		}
	} else {
		w.Run.Say("the clone that an earlier attempt began goes on in the server")
	}
	if err := m.watch(ctx, w, db, src, r); err != nil {
		if p.InPlace && restarts(err) {
			return m.onClone(ctx, w, r.record)
		}
		return err
	}
	if err := checkEngines(ctx, src); err != nil { // tables that were empty before may have rows by now
		return errors.Join(err, removeClone(r.Dir))
	}
	if err := gather(p); err != nil {
		return err
	}
	r.Done = true
	if err := w.Run.Remember(rememberClone, r.record); err != nil {
		return err
	}
	w.Run.Say(fmt.Sprintf("cloned %s", r.Source))
	return nil
}

func (m *ClonePlugin) anew(ctx context.Context, w *method.Work, db, src *sql.DB, source *facts, p plan) (*running, error) {
	if err := m.endClone(ctx, w, db); err != nil {
		return nil, err
	}
	if err := removeClone(p.Dir); err != nil {
		return nil, err
	}
	if p.InPlace {
		if err := quiet.Hush(ctx, w, db, source.version); err != nil {
			return nil, err
		}
		if err := w.Run.OldData(agentapi.OldDataErased, ""); err != nil {
			return nil, err
		}
	}
	if err := (&bandwidth{m: m, w: w, db: db, last: -1}).keep(ctx); err != nil { // from its first byte on
		return nil, err
	}
	r, err := m.begin(ctx, w, db, src, p, source.tls)
	if err == nil {
		w.Run.Say(fmt.Sprintf("cloning MySQL %s at %s", source.version.Version, r.Source))
	}
	return r, err
}

// watch tells progress and keeps the bandwidth until the clone is over; nil when the server says that it is complete.
func (m *ClonePlugin) watch(ctx context.Context, w *method.Work, db, src *sql.DB, r *running) error {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	b := bandwidth{m: m, w: w, db: db, last: -1}
	var silent time.Time
	for {
		select {
		case err := <-r.ended:
			return m.ended(ctx, w, db, r, err)
		case <-ctx.Done():
			return m.abort(ctx, w, db, r)
		case <-tick.C:
		}
		if err := b.keep(ctx); err != nil && host.Errno(err) != 0 {
			return errors.Join(err, m.abort(ctx, w, db, r))
		}
		s, err := readStatus(ctx, db)
		switch {
		case err == nil:
			silent = time.Time{}
		case silent.IsZero():
			silent = time.Now()
		case r.ended == nil && time.Since(silent) > 10*time.Second:
			return cause(ctx, err)
		}
		if err != nil || !s.of(r.record) {
			continue
		}
		if err := r.noteThreads(ctx, w, src); err != nil {
			return errors.Join(err, m.abort(ctx, w, db, r))
		}
		if r.ended == nil && s.state != stateRunning {
			return m.ended(ctx, w, db, r, s.err())
		}
		if now, err := readMoved(ctx, db); err == nil {
			w.Run.Progress(now.bytes, now.total, now.what)
		}
	}
}

// ended judges the end of the statement by what the server's own record says besides.
func (m *ClonePlugin) ended(ctx context.Context, w *method.Work, db *sql.DB, r *running, err error) error {
	if err != nil {
		if r.Dir == "" && restarts(err) {
			return err
		}
		var known *method.StageError
		if !errors.As(err, &known) {
			err = cloneError(host.Errno(err), err.Error(), err)
		}
		return errors.Join(err, m.afterwards(ctx, w, db))
	}
	s, err := readStatus(ctx, db)
	if err != nil {
		return err
	}
	if !s.of(r.record) || s.state != stateCompleted {
		return failed(CodeIncomplete, "see the target's error log", nil, "the statement ended well, but the server's state of the clone is %q", s.state)
	}
	if now, err := readMoved(ctx, db); err == nil {
		w.Run.Progress(now.bytes, now.bytes, "cloned")
	}
	return nil
}

// afterwards ends a clone, if need be, and removes what it wrote, also when the stage's context is done.
func (m *ClonePlugin) afterwards(ctx context.Context, w *method.Work, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 90*time.Second)
	defer cancel()
	return m.endClone(ctx, w, db)
}

// abort ends the clone in the server, because the stage was ended. What a server that is gone has left is Release's.
func (m *ClonePlugin) abort(ctx context.Context, w *method.Work, db *sql.DB, r *running) error {
	deadline := time.Now().Add(time.Minute)
	for over := r.ended == nil; ; { // the statement may reach the server only now, so once is not enough
		if err := m.afterwards(ctx, w, db); err != nil {
			m.log.Warn("end the clone", "seed", w.SeedID, "error", err)
		} else if over {
			return context.Cause(ctx)
		}
		select {
		case <-r.ended:
			over = true
		case <-time.After(500 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return context.Cause(ctx)
		}
	}
}
