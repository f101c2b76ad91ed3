package http

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

// Changes is what is read of the backend to tell what other nodes have stored; each call is one light query.
type Changes interface {
	WorkVersions(ctx context.Context) ([]agent.SeedVersion, error)
	Seeds(ctx context.Context, f agent.SeedFilter) ([]*agent.Seed, error)
	LastStateID(ctx context.Context) (int64, error)
	SeedStatesSince(ctx context.Context, afterID int64, limit int) ([]agent.StageState, error)
	Hosts(ctx context.Context, f agent.HostFilter) ([]*agent.Host, error)
}

const (
	tailEvery = time.Second
	tailBatch = 500
	// tailOverlap is how far back each look reads again: rows of two transactions may become visible in another order than
	// that of their IDs, and the clocks of nodes differ.
	tailOverlap = 5 * time.Second
	// tailRows is how many rows before the newest the first look takes for known.
	tailRows = 200
)

// tail tells a node's hub what the backend holds that did not happen on this node: nodes do not talk to each other. It reads
// once a second, and only while somebody listens. What the hub was told already it passes over.
type tail struct {
	changes Changes
	hub     *Hub
	log     *slog.Logger
	life    context.Context

	mu      sync.Mutex
	readers int
	end     context.CancelFunc
	running sync.WaitGroup

	// What was seen so far; of the goroutine that reads.
	versions map[int64]int64
	rows     map[int64]time.Time // history rows above low, and when they were seen
	low      int64
	hosts    map[string]hostMark
}

// hostMark tells two states of an agent apart.
type hostMark struct {
	checked, seen time.Time
	status        agent.HostStatus
}

func markOf(h *agent.Host) hostMark { return hostMark{h.LastChecked, h.LastSeen, h.Status} }

// join has the backend read until leave is called. When it returns, what is stored from then on will be told.
func (t *tail) join(ctx context.Context) (leave func()) {
	if t == nil {
		return func() {}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.readers++; t.readers == 1 {
		known := t.begin(ctx)
		var run context.Context
		run, t.end = context.WithCancel(t.life)
		t.running.Go(func() { t.run(run, known) })
	}
	return t.leave
}

func (t *tail) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.readers--; t.readers == 0 {
		t.end()
		t.running.Wait()
	}
}

// begin takes for known what is stored now; false when the backend can't be read.
func (t *tail) begin(ctx context.Context) bool {
	t.versions, t.rows, t.hosts = map[int64]int64{}, map[int64]time.Time{}, map[string]hostMark{}
	last, err := t.changes.LastStateID(ctx)
	if err == nil {
		t.low = max(0, last-tailRows)
		err = t.look(ctx, time.Now(), true)
	}
	t.warn(ctx, err)
	return err == nil
}

func (t *tail) run(ctx context.Context, known bool) {
	tick := time.NewTicker(tailEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if !known {
				known = t.begin(ctx)
				continue
			}
			t.warn(ctx, t.look(ctx, now, false))
		}
	}
}

func (t *tail) warn(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		t.log.Warn("read what other nodes have stored", "err", err)
	}
}

// look reads what is new and tells the hub, unless all of it is to be taken for known.
func (t *tail) look(ctx context.Context, now time.Time, quietly bool) error {
	rows, touched, err := t.newRows(ctx, now)
	if err != nil {
		return err
	}
	seeds, err := t.newSeeds(ctx, touched)
	if err != nil {
		return err
	}
	hosts, err := t.newHosts(ctx, now)
	if err != nil || quietly {
		return err
	}
	for _, s := range seeds {
		t.hub.SeedChanged(s)
	}
	for _, r := range rows {
		t.hub.stateAdded(r, true)
	}
	for _, h := range hosts {
		t.hub.HostChanged(h)
	}
	return nil
}

// newRows returns the lines of history that were not seen yet, and whose seeds they are.
func (t *tail) newRows(ctx context.Context, now time.Time) (fresh []agent.StageState, touched map[int64]bool, err error) {
	touched = map[int64]bool{}
	for after := t.low; ; {
		rows, err := t.changes.SeedStatesSince(ctx, after, tailBatch)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range rows {
			after = r.ID
			if _, seen := t.rows[r.ID]; !seen {
				t.rows[r.ID] = now
				fresh = append(fresh, r)
				touched[r.SeedID] = true
			}
		}
		if len(rows) < tailBatch {
			break
		}
	}
	for id, seen := range t.rows {
		if now.Sub(seen) > tailOverlap {
			t.low = max(t.low, id)
		}
	}
	for id := range t.rows {
		if id <= t.low {
			delete(t.rows, id)
		}
	}
	return fresh, touched, nil
}

// newSeeds returns the seeds whose version has changed, those included that have ended since.
func (t *tail) newSeeds(ctx context.Context, touched map[int64]bool) ([]*agent.Seed, error) {
	versions, err := t.changes.WorkVersions(ctx)
	if err != nil {
		return nil, err
	}
	now := make(map[int64]int64, len(versions))
	var ids []int64
	for _, v := range versions {
		now[v.ID] = v.Version
		if t.versions[v.ID] != v.Version {
			ids = append(ids, v.ID)
		}
	}
	for id := range t.versions {
		touched[id] = true
	}
	for id := range touched { // not live any more
		if _, live := now[id]; !live {
			ids = append(ids, id)
		}
	}
	var all []*agent.Seed
	for len(ids) > 0 {
		n := min(len(ids), tailBatch)
		seeds, err := t.changes.Seeds(ctx, agent.SeedFilter{IDs: ids[:n]})
		if err != nil && !errors.Is(err, agent.ErrNotFound) {
			return nil, err
		}
		all, ids = append(all, seeds...), ids[n:]
	}
	t.versions = now
	return all, nil
}

// newHosts returns the agents that were asked or heard of since the last look.
func (t *tail) newHosts(ctx context.Context, now time.Time) ([]*agent.Host, error) {
	hosts, err := t.changes.Hosts(ctx, agent.HostFilter{ChangedSince: now.Add(-tailOverlap)})
	if err != nil {
		return nil, err
	}
	var fresh []*agent.Host
	marks := make(map[string]hostMark, len(hosts))
	for _, h := range hosts {
		marks[h.Info.Hostname] = markOf(h)
		if t.hosts[h.Info.Hostname] != markOf(h) {
			fresh = append(fresh, h)
		}
	}
	t.hosts = marks
	return fresh, nil
}
