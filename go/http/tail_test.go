package http

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// backend is what several nodes have stored.
type backend struct {
	mu    sync.Mutex
	seeds map[int64]*agent.Seed
	rows  []agent.StageState
	hosts []*agent.Host
	reads int
	err   error
}

func (b *backend) enter() (func(), error) {
	b.mu.Lock()
	b.reads++
	return b.mu.Unlock, b.err
}

func (b *backend) set(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

func (b *backend) WorkVersions(context.Context) ([]agent.SeedVersion, error) {
	unlock, err := b.enter()
	defer unlock()
	var all []agent.SeedVersion
	for _, s := range b.seeds {
		if s.Active() {
			all = append(all, agent.SeedVersion{ID: s.ID, Version: s.Version})
		}
	}
	return all, err
}

func (b *backend) Seeds(_ context.Context, f agent.SeedFilter) ([]*agent.Seed, error) {
	unlock, err := b.enter()
	defer unlock()
	var all []*agent.Seed
	for _, id := range f.IDs {
		if s := b.seeds[id]; s != nil {
			all = append(all, s)
		}
	}
	return all, err
}

func (b *backend) LastStateID(context.Context) (id int64, err error) {
	unlock, err := b.enter()
	defer unlock()
	for _, r := range b.rows {
		id = max(id, r.ID)
	}
	return id, err
}

func (b *backend) SeedStatesSince(_ context.Context, after int64, limit int) ([]agent.StageState, error) {
	unlock, err := b.enter()
	defer unlock()
	var all []agent.StageState
	for _, r := range b.rows {
		if r.ID > after && len(all) < limit {
			all = append(all, r)
		}
	}
	return all, err
}

func (b *backend) Hosts(_ context.Context, f agent.HostFilter) ([]*agent.Host, error) {
	unlock, err := b.enter()
	defer unlock()
	var all []*agent.Host
	for _, h := range b.hosts {
		if !h.LastSeen.Before(f.ChangedSince) {
			all = append(all, h)
		}
	}
	return all, err
}

func (b *backend) move(id, version int64, status agent.Status) {
	s := testSeed(id, agentapi.Backup, status)
	s.Version = version
	b.seeds[id] = s
}

func tailRow(id, seed int64, details string) agent.StageState {
	return agent.StageState{ID: id, SeedID: seed, Stage: agentapi.Backup, Host: testHost, At: testTime, Status: agentapi.Running,
		Details: details, Attempt: 2, Repeats: 1}
}

// tailed is a server of a node beside others, with one reader of its events.
func tailed(t *testing.T, f func(t *testing.T, s *Server, b *backend, out *sink)) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{seeds: map[int64]*agent.Seed{}}
		b.move(1, 7, agentapi.Running)
		b.rows = []agent.StageState{tailRow(100, 1, "before")}
		s := start(t, newWorld(), func(o *Options) { o.Changes = b })
		out := &sink{}
		_, stop := listen(t, s, out, "")
		f(t, s, b, out)
		stop()
	})
}

func TestEventsOfOtherNodesAreToldWithinASecond(t *testing.T) {
	tailed(t, func(t *testing.T, _ *Server, b *backend, out *sink) {
		time.Sleep(3500 * time.Millisecond) // of the bubble; between two looks
		want(t, "events before anything happens", strings.Count(out.text(), "event:"), 0)
		b.set(func() {
			b.move(1, 8, agentapi.Failed)
			b.move(2, 1, agentapi.Scheduled)
			b.rows = append(b.rows, tailRow(102, 1, "later"))
			h := testAgent("tgt9", 3306)
			h.LastSeen = time.Now()
			b.hosts = append(b.hosts, h)
		})
		time.Sleep(1100 * time.Millisecond)
		kinds, _ := events(out.text())
		want(t, "kinds", strings.Join(kinds, " "), "seed seed seed-state agent")
		b.set(func() { b.rows = append(b.rows, tailRow(101, 2, "became visible after row 102")) })
		time.Sleep(10 * time.Second)
		kinds, _ = events(out.text())
		want(t, "kinds", strings.Join(kinds, " "), "seed seed seed-state agent seed-state")
	})
}

func TestWhatHappensOnThisNodeIsToldOnce(t *testing.T) {
	tailed(t, func(t *testing.T, s *Server, b *backend, out *sink) {
		row := tailRow(0, 1, "here")
		b.set(func() {
			b.move(1, 8, agentapi.Error)
			stored := row
			stored.ID = 101
			b.rows = append(b.rows, stored)
			s.Hub.SeedChanged(b.seeds[1])
		})
		s.Hub.StateAdded(row)
		older := testSeed(1, agentapi.Backup, agentapi.Running)
		older.Version = 7
		s.Hub.SeedChanged(older) // read before, told after
		time.Sleep(5 * time.Second)
		kinds, _ := events(out.text())
		want(t, "kinds", strings.Join(kinds, " "), "seed seed-state")
	})
}

func TestNothingIsMissedWhileTheBackendIsAway(t *testing.T) {
	tailed(t, func(t *testing.T, _ *Server, b *backend, out *sink) {
		b.set(func() { b.err = errors.New("away") })
		time.Sleep(5 * time.Second)
		b.set(func() {
			b.move(1, 9, agentapi.Completed)
			b.rows = append(b.rows, tailRow(101, 1, "meanwhile"))
			b.err = nil
		})
		time.Sleep(1100 * time.Millisecond)
		kinds, _ := events(out.text())
		want(t, "kinds", strings.Join(kinds, " "), "seed seed-state")
	})
}

func TestBackendIsReadOnlyWhileSomebodyListens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{seeds: map[int64]*agent.Seed{}}
		s := start(t, newWorld(), func(o *Options) { o.Changes = b })
		reads := func() int { b.mu.Lock(); defer b.mu.Unlock(); return b.reads }
		time.Sleep(time.Minute)
		want(t, "reads without readers", reads(), 0)
		_, stopOne := listen(t, s, &sink{}, "")
		_, stopTwo := listen(t, s, &sink{}, "")
		began := reads()
		time.Sleep(10*time.Second + time.Millisecond)
		want(t, "queries a second for two readers", (reads()-began)/10, 3)
		stopOne()
		stopTwo()
		ended := reads()
		time.Sleep(time.Minute)
		want(t, "reads afterwards", reads(), ended)
	})
}
