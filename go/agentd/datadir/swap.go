package datadir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// Swap is for Restore, after the new data was proven and prepared: it stops MySQL, moves the old data aside and the new
// in, starts MySQL and waits until it answers. After an error or a crash anywhere a further Swap goes on, or PutBack
// undoes it.
func (k *Keeper) Swap(ctx context.Context, w *method.Work) error {
	m := k.mover(w)
	p, err := recall(w)
	if err != nil {
		return err
	}
	if p == nil {
		return noPlan()
	}
	switch p.Phase {
	case phaseReceiving:
		if err := k.fit(ctx, w, m, p); err != nil {
			return moved(err)
		}
	case phaseOldOut, phaseNewIn, phaseSwapped:
	case phaseProven, phaseDropped:
		return nil
	default:
		return noPlan()
	}
	err = p.run(ctx, w, map[phase]step{
		phaseReceiving: {func(ctx context.Context) error { return k.settle(ctx, m, p) }, phaseOldOut},
		phaseOldOut: {func(ctx context.Context) error {
			if err := p.tell(w, agentapi.OldDataAside, p.at(m)); err != nil {
				return err
			}
			return k.exchange(ctx, m, p, func() error { return p.each(m.aside) })
		}, phaseNewIn},
		phaseNewIn: {func(ctx context.Context) error {
			return k.exchange(ctx, m, p, func() error { return p.in(m, "new") })
		}, phaseSwapped},
	})
	if err != nil {
		return moved(err)
	}
	if err := k.server.StartMySQL(ctx); err != nil {
		return k.notStarted(p, err)
	}
	return nil
}

// settle is the last look before anything of the old data moves.
func (k *Keeper) settle(ctx context.Context, m mover, p *plan) error {
	if err := k.stop(ctx, p); err != nil {
		return err
	}
	if err := keepOwn(m, p); err != nil { // the server may have changed its own until now
		return err
	}
	return p.addExternal()
}

// exchange does f while no server can be on the data.
func (k *Keeper) exchange(ctx context.Context, m mover, p *plan, f func() error) error {
	if err := k.stop(ctx, p); err != nil {
		return err
	}
	if err := p.each(m.shut); err != nil {
		return err
	}
	if err := f(); err != nil {
		return fmt.Errorf("exchange the data directory: %w", err)
	}
	return nil
}

// each does f with all areas, the data directory first: what leaves, leaves there first.
func (p *plan) each(f func(*area) error) error {
	for i := range p.Areas {
		if err := f(&p.Areas[i]); err != nil {
			return err
		}
	}
	return nil
}

// in moves the new or the old data into its place, the data directory last: no server starts before all is there.
func (p *plan) in(m mover, what string) error {
	for i := range p.Areas {
		a := &p.Areas[len(p.Areas)-1-i]
		if err := m.in(a, what); err != nil {
			return err
		}
	}
	return p.each(m.open)
}

func (k *Keeper) notStarted(p *plan, err error) error {
	e := &method.StageError{Code: "mysql-start-failed", Err: err, Text: "MySQL does not start on the new data",
		Hint: "see its error log; agent-retry-seed tries again, agent-release-seed puts the old data back"}
	if p.Erased {
		e.Hint = "see its error log; agent-retry-seed tries again; the old data was erased"
	}
	if path := p.Layout.Vars["log_error"]; path != "" && path != "stderr" {
		if tail, err := host.LogTail(p.Layout.path(path), 15); err == nil {
			e.Hint += "; the log ends:\n" + strings.TrimSpace(tail)
		}
	}
	return e
}

// PutBack is for Release before the new data was proven: the old data is the server's again, the server runs if it ran
// before, and nothing is left. Data that was erased can't be put back: the directory stays empty, with a file in it that
// says so, and MySQL is not started. It may be called again, and when Begin was never called.
func (k *Keeper) PutBack(ctx context.Context, w *method.Work) error {
	m := k.mover(w)
	p, err := recall(w)
	if err != nil || p == nil {
		return err
	}
	nothing := func(context.Context) error { return nil }
	moved := p.Phase != phaseReceiving && p.Phase != phaseErasing
	return p.run(ctx, w, map[phase]step{
		phaseReceiving: {nothing, phaseRestored},
		phaseErasing:   {func(ctx context.Context) error { return k.eraseOrNot(ctx, m, p) }, phaseRestored},
		phaseOldOut:    {nothing, phaseOldBack},
		phaseNewIn:     {func(context.Context) error { return oldThere(m, p) }, phaseNewOut},
		phaseSwapped:   {func(context.Context) error { return oldThere(m, p) }, phaseNewOut},
		phaseNewOut: {func(ctx context.Context) error {
			return k.exchange(ctx, m, p, func() error { return p.each(m.reject) })
		}, phaseOldBack},
		phaseOldBack: {func(ctx context.Context) error {
			return k.exchange(ctx, m, p, func() error { return p.in(m, "old") })
		}, phaseRestored},
		phaseRestored: {func(ctx context.Context) error { return k.restored(ctx, w, m, p, moved) }, phaseOver},
	})
}

// oldThere refuses to take the new data away when the old is not where it was put.
func oldThere(m mover, p *plan) error {
	for i := range p.Areas {
		a := &p.Areas[i]
		if a.Whole && !p.HadData {
			continue
		}
		if old := m.container(a, "old"); !exists(old) {
			return &method.StageError{Code: "old-data-missing", Text: fmt.Sprintf("the old data is not at %s any more; the new data is left as it is", old),
				Hint: "see who moved it; then release the seed again"}
		}
	}
	return nil
}

func (k *Keeper) restored(ctx context.Context, w *method.Work, m mover, p *plan, moved bool) error {
	if err := k.clear(m, p); err != nil {
		return err
	}
	state := agentapi.OldDataInPlace
	if moved {
		state = agentapi.OldDataPutBack
	}
	if err := p.tell(w, state, p.Layout.DataDir); err != nil {
		return err
	}
	if !p.Layout.Running || p.Erased {
		return nil
	}
	if err := k.server.SettleMySQL(ctx, false); err != nil { // one that goes down would seem to run
		return &method.StageError{Code: "mysql-start-failed", Err: err, Text: "the old data is back, but MySQL can't be started on it", Hint: "see what that command waits for; end it, then release the seed again"}
	}
	if k.server.MySQLRunning(ctx) {
		return nil
	}
	if err := k.server.StartMySQL(ctx); err != nil {
		return &method.StageError{Code: "mysql-start-failed", Err: err, Text: "the old data is back, but MySQL does not start on it", Hint: "see its error log"}
	}
	return nil
}

// Drop is for Cleanup, when the new data is proven: the old data is removed. From its start on PutBack keeps the new. It
// may be called again.
func (k *Keeper) Drop(ctx context.Context, w *method.Work) error {
	m := k.mover(w)
	p, err := recall(w)
	if err != nil {
		return err
	}
	if p == nil || p.Phase != phaseSwapped && p.Phase != phaseProven && p.Phase != phaseDropped {
		return noPlan()
	}
	return p.run(ctx, w, map[phase]step{
		phaseSwapped: {func(context.Context) error { return nil }, phaseProven},
		phaseProven: {func(context.Context) error {
			for _, link := range links(m.container(p.data(), "old")) {
				w.Run.Say("the old data had a link to " + link + ", which is left alone")
			}
			for i := range p.Areas {
				a := &p.Areas[i]
				if err := errors.Join(m.remove(a, "old"), m.remove(a, "new"), m.remove(a, "bad")); err != nil {
					return err
				}
			}
			return p.tell(w, agentapi.OldDataRemoved, "")
		}, phaseDropped},
	})
}

// links are where the links at the top of a data directory lead.
func links(dir string) []string {
	var found []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if e.Type()&fs.ModeSymlink != 0 {
			if to, err := filepath.EvalSymlinks(filepath.Join(dir, e.Name())); err == nil {
				found = append(found, to)
			}
		}
	}
	return found
}
