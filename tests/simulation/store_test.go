package simulation

import (
	"context"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agent/memstore"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// store is the way of one process to the database.
type store struct {
	*memstore.Store
	p *process
}

var _ agent.Store = (*store)(nil)

func (w *world) databaseAway() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.quiet && time.Now().Before(w.noDatabase)
}

func (s *store) Seed(ctx context.Context, id int64) (seed *agent.Seed, err error) {
	err = s.p.visit(ctx, call{to: "store", kind: "read", seed: id}, func() error {
		seed, err = s.Store.Seed(ctx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return seed, nil
}

func (s *store) WorkSeeds(ctx context.Context) (seeds []*agent.Seed, err error) {
	err = s.p.visit(ctx, call{to: "store", kind: "list"}, func() error {
		seeds, err = s.Store.WorkSeeds(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return seeds, nil
}

func (s *store) WorkVersions(ctx context.Context) (work []agent.SeedVersion, err error) {
	err = s.p.visit(ctx, call{to: "store", kind: "versions"}, func() error {
		work, err = s.Store.WorkVersions(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return work, nil
}

func (s *store) WakeSeed(ctx context.Context, id int64) error {
	return s.p.visit(ctx, call{to: "store", kind: "wake", seed: id, writes: true}, func() error { return s.Store.WakeSeed(ctx, id) })
}

func (s *store) HostsNamed(ctx context.Context, names []string) (hosts []*agent.Host, err error) {
	err = s.p.visit(ctx, call{to: "store", kind: "hosts", host: strings.Join(names, ",")}, func() error {
		hosts, err = s.Store.HostsNamed(ctx, names)
		return err
	})
	if err != nil {
		return nil, err
	}
	return hosts, nil
}

func (s *store) Host(ctx context.Context, name string) (h *agent.Host, err error) {
	err = s.p.visit(ctx, call{to: "store", kind: "host", host: name}, func() error {
		h, err = s.Store.Host(ctx, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

func (s *store) Seeds(ctx context.Context, f agent.SeedFilter) (seeds []*agent.Seed, err error) {
	err = s.p.visit(ctx, call{to: "store", kind: "earlier seeds"}, func() error {
		seeds, err = s.Store.Seeds(ctx, f)
		return err
	})
	if err != nil {
		return nil, err
	}
	return seeds, nil
}

func (s *store) CreateSeed(ctx context.Context, f agent.Fence, seed *agent.Seed, rows []agent.StageState, audit agent.AuditEntry, dt *agent.Downtime, maxActive, maxPerSource int) (made *agent.Seed, err error) {
	w := s.p.w
	err = s.p.visit(ctx, call{to: "store", kind: "make", host: seed.TargetHost, writes: true}, func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if made, err = s.Store.CreateSeed(ctx, f, seed, rows, audit, dt, maxActive, maxPerSource); err != nil {
			w.say(s.p.name, "make a seed of %s from %s: %v", seed.TargetHost, seed.SourceHost, err)
			return err
		}
		w.ruleMade(f, made)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

func (s *store) Transition(ctx context.Context, f agent.Fence, t agent.Transition) (after *agent.Seed, err error) {
	w := s.p.w
	err = s.p.visit(ctx, call{to: "store", kind: "write", seed: t.Seed.ID, writes: true}, func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		before, asked, fence := w.rows[t.Seed.ID], t, f
		switch w.sabotage {
		case noCompareAndSet:
			t.Seed.Version = before.Version
		case noFence:
			f.Term = min(f.Term, 0)
		case losesRows:
			t.Rows = nil
		case keepsDowntime:
			t.EndDowntime = false
		}
		switch {
		case w.sabotage == jumpsStages && t.Seed.Stage == agentapi.Restore && before.Stage == agentapi.Backup:
			t.Seed.Stage = agentapi.ConnectSlave
		case w.sabotage == reusesAttempts && t.Seed.Stage == agentapi.Backup && before.Stage == agentapi.Prepare:
			t.Seed.Attempt = before.Attempt
		}
		if after, err = s.Store.Transition(ctx, f, t); err != nil {
			w.say(s.p.name, "write seed %d: %v", t.Seed.ID, err)
			return err
		}
		asked.Rows = t.Rows
		w.ruleWrite(fence, before, *after, asked)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return after, nil
}
