package client

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"sync/atomic"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

// DefaultPoll is how often Watch asks while no events come.
const DefaultPoll = 2 * time.Second

// pollWithEvents is how much rarer Watch asks while events do come.
const pollWithEvents = 3

// SeedUpdate is a seed as it stood at one moment, and the JSON it came in.
type SeedUpdate struct {
	Seed seedapi.Seed
	JSON json.RawMessage
}

// Watch yields a seed now and whenever it has changed, until it is no longer live; that state is the last one yielded.
// Events say when to look, and where none come it looks every poll (0: DefaultPoll). A look that failed is yielded as an
// error, and if the reader goes on, so does Watch: a restart of the service is a few errors in between. It ends after an
// error that asking again cannot help, and with the context, whose end is not yielded. The first state after errors is
// yielded even if nothing has changed.
func (c *Client) Watch(ctx context.Context, id int64, poll time.Duration) iter.Seq2[SeedUpdate, error] {
	if poll <= 0 {
		poll = DefaultPoll
	}
	return func(yield func(SeedUpdate, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		ears := &listener{client: c, id: id, wake: make(chan struct{}, 1)}
		done := make(chan struct{})
		go func() { defer close(done); ears.listen(ctx) }()
		defer func() { cancel(); <-done }()

		var last json.RawMessage
		for {
			seed, raw, err := SeedDetails(id).Fetch(ctx, c)
			switch {
			case ctx.Err() != nil:
				return
			case err != nil:
				last = nil // the next state is yielded even if it is the same: the reader sees that the service is back
				if !yield(SeedUpdate{}, err) || !Temporary(err) {
					return
				}
			case !bytes.Equal(raw, last):
				last = raw
				if !yield(SeedUpdate{seed, raw}, nil) || !Live(seed) {
					return
				}
			}
			if !ears.await(ctx, poll) {
				return
			}
		}
	}
}

// Live says whether a seed has not ended.
func Live(s seedapi.Seed) bool {
	return s.Status != agentapi.Completed && s.Status != agentapi.Failed
}

// listener turns events of one seed into wake-ups.
type listener struct {
	client  *Client
	id      int64
	wake    chan struct{}
	hearing atomic.Bool // a stream is open
}

func (l *listener) listen(ctx context.Context) {
	s := &stream{client: l.client, opened: func() { l.hearing.Store(true); l.ring() }}
	for {
		err := s.run(ctx, func(e seedapi.Event) error {
			var of struct{ SeedID int64 }
			if json.Unmarshal(e.Data, &of) == nil && of.SeedID == l.id && e.Kind != "agent" {
				l.ring()
			}
			return nil
		})
		l.hearing.Store(false)
		if !Temporary(err) || !s.pause(ctx) {
			return
		}
	}
}

func (l *listener) ring() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// await returns when there is a reason to look again; false when the context ended.
func (l *listener) await(ctx context.Context, poll time.Duration) bool {
	if l.hearing.Load() {
		poll *= pollWithEvents
	}
	t := time.NewTimer(poll)
	defer t.Stop()
	select {
	case <-l.wake:
	case <-t.C:
	case <-ctx.Done():
		return false
	}
	return true
}
