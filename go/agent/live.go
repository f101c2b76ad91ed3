package agent

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// live remembers the seeds that this node steps as they were last stored, so that a look that finds nothing new asks the
// backend for nothing. It is a copy and never the truth: what is written still names the version that was read, and a
// conflict, an error or another term empties it. The zero value is ready.
type live struct {
	mu    sync.Mutex
	fence Fence // of the leadership under which all of it was read
	seeds map[int64]*liveSeed
}

// liveSeed is one of them.
type liveSeed struct {
	seed    *Seed // shared with readers: never changed, only replaced
	wakes   int64 // see SeedVersion
	storing int   // writes of ours under way, so that the stored row may be newer than this one
	// called: somebody said that there is news, so the next look asks everybody.
	called bool
	// asked is when every agent of that attempt was last asked.
	asked   time.Time
	attempt int64
}

// of returns the seed as last stored; nil when it is not remembered under this fence.
func (l *live) of(f Fence, id int64) *Seed {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.seeds[id]; e != nil && l.fence == f {
		return e.seed
	}
	return nil
}

// all returns the seeds that there is something to do for, oldest first.
func (l *live) all() []*Seed {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]*Seed, 0, len(l.seeds))
	for _, e := range l.seeds {
		if e.seed != nil {
			all = append(all, e.seed)
		}
	}
	slices.SortFunc(all, func(a, b *Seed) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// put remembers a row that was read or written, unless a newer one is known already; a seed that needs nothing any more is
// forgotten.
func (l *live) put(f Fence, s *Seed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.under(f)
	e := l.entry(s.ID)
	if e.seed != nil && e.seed.Version > s.Version {
		return
	}
	e.seed = s
	if !s.Active() && !s.Releasing() {
		e.seed = nil
		l.drop(s.ID)
	}
}

// under empties the memory of another leadership. It needs the lock.
func (l *live) under(f Fence) {
	if l.fence == f && l.seeds != nil {
		return
	}
	l.fence, l.seeds = f, map[int64]*liveSeed{}
}

func (l *live) entry(id int64) *liveSeed {
	e := l.seeds[id]
	if e == nil {
		e = &liveSeed{}
		l.seeds[id] = e
	}
	return e
}

// drop needs the lock.
func (l *live) drop(id int64) {
	if e := l.seeds[id]; e != nil {
		e.seed = nil
		if e.storing == 0 {
			delete(l.seeds, id)
		}
	}
}

// forget has the seed read anew before its next step.
func (l *live) forget(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(id)
}

// clear forgets everything: this node does not lead.
func (l *live) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seeds = nil
}

// storing notes that a row is being written until done is called.
func (l *live) storing(f Fence, id int64) (done func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.under(f)
	e := l.entry(id)
	e.storing++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if e.storing--; e.seed == nil && e.storing == 0 && l.seeds[id] == e {
			delete(l.seeds, id)
		}
	}
}

// call has the next look at the seed ask everybody.
func (l *live) call(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.seeds[id]; e != nil {
		e.called = true
	}
}

// everybody says whether it is time to ask every agent of the seed and not only the one that moves the bytes; the answer
// counts as asking.
func (l *live) everybody(s *Seed, now time.Time, every time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.seeds[s.ID]
	if e == nil {
		return true
	}
	if !e.called && e.attempt == s.Attempt && now.Sub(e.asked) < every {
		return false
	}
	e.called, e.attempt, e.asked = false, s.Attempt, now
	return true
}

// compare takes in what is stored now: it forgets seeds that need nothing any more, and returns those whose row has to be
// read, and those that another node wants to be looked at.
func (l *live) compare(f Fence, versions []SeedVersion) (stale, woken []int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.under(f)
	stored := make(map[int64]bool, len(versions))
	for _, v := range versions {
		stored[v.ID] = true
		e := l.seeds[v.ID]
		switch {
		case e == nil:
			l.seeds[v.ID] = &liveSeed{wakes: v.Wakes}
			stale = append(stale, v.ID)
			continue
		case e.seed == nil || e.storing == 0 && e.seed.Version < v.Version:
			stale = append(stale, v.ID)
		}
		if e.wakes != v.Wakes {
			e.wakes, e.called = v.Wakes, true
			woken = append(woken, v.ID)
		}
	}
	for id, e := range l.seeds {
		if !stored[id] && e.storing == 0 {
			delete(l.seeds, id)
		}
	}
	return stale, woken
}

// manyStale is from when on all seeds are read instead of those that have changed.
const manyStale = 500

// refresh compares the seeds in memory with what is stored: one light query, and one more if somebody else has changed any.
// It returns the seeds of which there is news: changed behind our back, or wanted to be looked at. The step that is under
// way for a changed one is interrupted, because it goes by a row that is none any more.
func (e *Engine) refresh(ctx context.Context, f Fence) (news []int64, err error) {
	versions, err := e.store.WorkVersions(ctx)
	if err != nil {
		return nil, err
	}
	stale, woken := e.live.compare(f, versions)
	if len(stale) > 0 {
		if err := e.reread(ctx, f, stale); err != nil {
			return nil, fmt.Errorf("read %d seeds that have changed: %w", len(stale), err)
		}
	}
	return append(woken, stale...), e.freshHosts(ctx)
}

func (e *Engine) reread(ctx context.Context, f Fence, stale []int64) error {
	var seeds []*Seed
	var err error
	if len(stale) > manyStale {
		seeds, err = e.store.WorkSeeds(ctx)
	} else {
		seeds, err = e.store.Seeds(ctx, SeedFilter{IDs: stale})
	}
	if err != nil {
		return err
	}
	for _, s := range seeds {
		if old := e.live.of(f, s.ID); old != nil && old.Version < s.Version {
			e.steps.interrupt(s.ID)
		}
		e.live.put(f, s)
		e.live.call(s.ID)
	}
	return nil
}
