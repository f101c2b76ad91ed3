package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

// Moves of seeds, and small writes about agents, that are asked for at the same time are written together: while one
// transaction is under way, those that come in meanwhile wait for the next, which takes them all. One that comes alone goes at
// once. Together they are an optimisation and nothing else: whatever a transaction of many can't do for one of them, that one
// does alone, as if it had come alone.

const (
	gatherMost  = 256     // writes in one transaction
	gatherBytes = 1 << 20 // of their values, so that a statement fits into a packet of any server
	gatherTime  = 20 * time.Second
	gatherTries = 3
)

// pending is a write on its way: a move, or small.
type pending struct {
	ctx  context.Context
	size int // about, in bytes
	done chan outcome

	fence agent.Fence
	t     agent.Transition
	moved *agent.Seed
	args  []any // of updateSeedAlways

	// small writes a row or two. It may return ErrConflict or ErrNotFound when it has changed nothing.
	small func(ctx context.Context, tx *sql.Tx) error
	err   error // of small
}

// outcome is what became of a pending write in a transaction of many.
type outcome struct {
	alone bool // nothing was written: it has to be done alone
	err   error
}

// gathering is who waits for the next transaction.
type gathering struct {
	mu      sync.Mutex
	waiting []*pending
	running int // transactions under way
	most    int // of those
}

// join says whether p may go at once; if not it waits for the next transaction.
func (g *gathering) join(p *pending) (first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running < g.most {
		g.running++
		return true
	}
	g.waiting = append(g.waiting, p)
	return false
}

// leave takes p out of those who wait; false when it is being written.
func (g *gathering) leave(p *pending) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.waiting, p)
	if i < 0 {
		return false
	}
	g.waiting = slices.Delete(g.waiting, i, i+1)
	return true
}

// next takes as many as fit into one transaction; none: the transaction that has just ended is followed by no other.
func (g *gathering) next() []*pending {
	g.mu.Lock()
	defer g.mu.Unlock()
	n, size := 0, 0
	for n < len(g.waiting) && n < gatherMost && (n == 0 || size+g.waiting[n].size <= gatherBytes) {
		size += g.waiting[n].size
		n++
	}
	if n == 0 {
		g.running--
		return nil
	}
	batch := slices.Clone(g.waiting[:n])
	g.waiting = slices.Delete(g.waiting, 0, n)
	return batch
}

// Transition implements agent.Store. It also refuses (ErrRefused) to make a seed that has ended live again while one of its
// hosts is taken by another seed, with the same exclusion as CreateSeed.
func (s *Store) Transition(ctx context.Context, f agent.Fence, t agent.Transition) (*agent.Seed, error) {
	p, err := s.pend(ctx, f, t)
	if err == nil {
		err = s.together(p)
	}
	if err != nil {
		return nil, fmt.Errorf("store seed %d: %w", t.Seed.ID, err)
	}
	return p.moved, nil
}

func (s *Store) pend(ctx context.Context, f agent.Fence, t agent.Transition) (*pending, error) {
	wanted := t.Seed
	wanted.Version++
	wanted.UpdatedAt = s.clock.Now()
	moved, args, err := encodeSeed(wanted)
	if err != nil {
		return nil, err
	}
	p := &pending{ctx: ctx, fence: f, t: t, moved: moved, args: append(args, t.Seed.ID, t.Seed.Version), done: make(chan outcome, 1)}
	for _, a := range p.args {
		if text, ok := a.(string); ok {
			p.size += len(text)
		}
	}
	for _, r := range t.Rows {
		p.size += len(r.Details)
	}
	return p, ctx.Err()
}

// writeSmall does a small write, with others if there are any. size is about that of its values.
func (s *Store) writeSmall(ctx context.Context, size int, small func(ctx context.Context, tx *sql.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.together(&pending{ctx: ctx, size: size, done: make(chan outcome, 1), small: small})
}

// together writes p, with others if there are any.
func (s *Store) together(p *pending) error {
	if s.moves.join(p) {
		err := s.alone(p)
		if next := s.moves.next(); next != nil {
			go s.writeWaiting(next)
		}
		return err
	}
	var o outcome
	select {
	case o = <-p.done:
	case <-p.ctx.Done():
		if s.moves.leave(p) {
			return p.ctx.Err()
		}
		o = <-p.done // soon: its transaction is under way
	}
	if o.alone {
		return s.alone(p)
	}
	if p.small != nil {
		return o.err
	}
	return s.resolve(p.ctx, o.err, s.wasMoved(p.moved))
}

func (s *Store) writeWaiting(batch []*pending) {
	for ; batch != nil; batch = s.moves.next() {
		for _, group := range compatible(batch) {
			s.writeGroup(group)
		}
	}
}

// compatible sorts out what one transaction can write: under the same term, small writes in their order and then moves, each
// of another seed, in the order of the seeds, so that two transactions lock them in the same order.
func compatible(batch []*pending) [][]*pending {
	byTerm := map[int64][]*pending{}
	seen := map[int64]bool{}
	for _, p := range batch {
		switch {
		case p.ctx.Err() != nil:
			p.done <- outcome{err: p.ctx.Err()}
		case p.small != nil:
			byTerm[0] = append(byTerm[0], p)
		case seen[p.moved.ID]:
			p.done <- outcome{alone: true}
		default:
			seen[p.moved.ID] = true
			byTerm[p.fence.Term] = append(byTerm[p.fence.Term], p)
		}
	}
	var groups [][]*pending
	for _, group := range byTerm {
		slices.SortStableFunc(group, func(a, b *pending) int { return cmp.Compare(a.seedID(), b.seedID()) })
		groups = append(groups, group)
	}
	return groups
}

// seedID is 0 for a small write.
func (p *pending) seedID() int64 {
	if p.small != nil {
		return 0
	}
	return p.moved.ID
}

// errUnmatched: not every row of a transaction of many was as it had been read.
var errUnmatched = errors.New("some of the seeds have moved on")

// writeGroup writes moves in one transaction. Those that can't be written with the others are left to be done alone.
func (s *Store) writeGroup(group []*pending) {
	ctx, cancel := groupContext(group)
	defer cancel()
	for try := 1; len(group) > 1 && try <= gatherTries; try++ {
		err := s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return s.writeAll(ctx, tx, group) })
		_, unknown := errors.AsType[*unknownError](err)
		switch {
		case errors.Is(err, errUnmatched):
			group = s.stillMatching(ctx, group)
			continue
		case err != nil && !unknown:
			try = gatherTries // one of them spoils it for all, or the backend is away: each finds out alone
			continue
		}
		for _, p := range group {
			p.done <- outcome{err: cmp.Or(err, p.err)}
		}
		return
	}
	for _, p := range group {
		p.done <- outcome{alone: true}
	}
}

// groupContext ends with the first of the deadlines; nobody's going away ends it.
func groupContext(group []*pending) (context.Context, context.CancelFunc) {
	end := time.Now().Add(gatherTime)
	for _, p := range group {
		if deadline, ok := p.ctx.Deadline(); ok && deadline.Before(end) {
			end = deadline
		}
	}
	return context.WithDeadline(context.Background(), end)
}

// stillMatching returns those whose row is as it was read and as live as it is to be; the others are to be done alone.
func (s *Store) stillMatching(ctx context.Context, group []*pending) []*pending {
	type state struct {
		version int64
		ended   bool
	}
	stored := map[int64]state{}
	ids := make([]any, len(group))
	for i, p := range group {
		ids[i] = p.seedID()
	}
	rows, err := s.write.QueryContext(ctx, selectVersions+list(len(ids)), ids...)
	err = each(rows, err, func() error {
		var id int64
		var have state
		if err := rows.Scan(&id, &have.version, &have.ended); err != nil {
			return err
		}
		stored[id] = have
		return nil
	})
	var matching []*pending
	for _, p := range group {
		have, there := stored[p.seedID()]
		if p.small != nil || err == nil && there && have.version == p.t.Seed.Version && !(have.ended && p.moved.Active()) {
			matching = append(matching, p)
		} else {
			p.done <- outcome{alone: true}
		}
	}
	return matching
}

// alone does one write in a transaction of its own.
func (s *Store) alone(p *pending) error {
	if p.small != nil {
		return s.inTx(p.ctx, p.small)
	}
	err := s.inTx(p.ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := s.checkFence(ctx, tx, p.fence); err != nil {
			return err
		}
		if err := s.move(ctx, tx, p.moved, p.args); err != nil {
			return err
		}
		return s.record(ctx, tx, p)
	})
	return s.resolve(p.ctx, err, s.wasMoved(p.moved))
}
