package agent

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A person's request may come to any node. What it asks for is a move of the seed that follows from the seed's row alone, so
// the node that has the request writes it, by compare and set; the node that leads finds the row changed and acts. Why no
// lease is needed for that is argued in leader/doc.go.

const (
	// requestTime bounds a person's request: a node that was paused in one writes nothing when it wakes up later.
	requestTime = 30 * time.Second
	// settleTime is how long a node that does not lead waits for what the leader makes of a request.
	settleTime = 5 * time.Second
	settleLook = 100 * time.Millisecond
)

// request gives a person's request its deadline.
func (e *Engine) request(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, requestTime)
}

// change makes a person's move: reads the seed, lets f change it, stores it with the audit; read again when someone else
// was quicker. It returns the seed as stored. A step that is under way is interrupted, so that no call which hangs can delay
// a person's word.
func (e *Engine) change(ctx context.Context, id int64, verb, user string, f func(d *decider) error) (*Seed, error) {
	for {
		s, err := e.store.Seed(ctx, id)
		if err != nil {
			return nil, asOp(verb, id, err)
		}
		d := &decider{before: s, seed: s.clone(), now: e.clock.Now(), policy: e.policy}
		if err := f(d); err != nil {
			return nil, err
		}
		if d.err != nil {
			return nil, d.err
		}
		if !d.out.Changed {
			return s, nil
		}
		d.out.Seed = d.seed
		entry := AuditEntry{Type: "agent-" + verb + "-seed", Message: fmt.Sprintf("%s seed %d", verb, id)}
		if d.audit != nil {
			entry = *d.audit
		}
		entry.At, entry.Host, entry.User = d.now, s.TargetHost, user
		d.out.Audit = append(d.out.Audit, entry)
		after, err := e.write(ctx, Fence{}, s, d.out)
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err != nil {
			return nil, asOp(verb, id, err)
		}
		e.steps.interrupt(id)
		return after, nil
	}
}

// settle has a person's move acted upon before the answer: here, if this node leads, or else by the one that does, for as
// long as settleTime. It returns the seed as it is then; nil when someone else moved it meanwhile. That nothing came of it
// yet is no error: the move is stored.
func (e *Engine) settle(ctx context.Context, verb string, asked *Seed, settled func(*Seed) bool) (*Seed, error) {
	after, err := e.step(ctx, asked.ID, Observation{})
	switch {
	case errors.Is(err, ErrFenced):
		return e.await(ctx, verb, asked, settled)
	case err != nil && !errors.Is(err, context.Canceled):
		return nil, asOp(verb, asked.ID, err)
	}
	e.Wake(asked.ID)
	return after.seed, nil
}

// await watches the row of a seed that another node has to act upon.
func (e *Engine) await(ctx context.Context, verb string, asked *Seed, settled func(*Seed) bool) (*Seed, error) {
	if err := e.store.WakeSeed(ctx, asked.ID); err != nil {
		e.log.Warn("wake the leader", "seed", asked.ID, "err", err) // which looks at the seed by itself, later
	}
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	look := time.NewTicker(settleLook)
	defer look.Stop()
	for s := asked; ; {
		if settled(s) {
			return s, nil
		}
		select {
		case <-ctx.Done():
			return s, nil
		case <-look.C:
		}
		now, err := e.store.Seed(ctx, asked.ID)
		switch {
		case err == nil:
			s = now
		case ctx.Err() == nil:
			return nil, asOp(verb, asked.ID, err)
		}
	}
}
