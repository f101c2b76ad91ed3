package link

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

const (
	mostQueued = 1000
	tries      = 3
	firstPause = 300 * time.Millisecond // between tries, doubled
)

// Notify queues a state for the service; it does not block. Of states of the same run that wait, only the newest Running
// one is kept.
func (l *Link) Notify(s agentapi.SeedStageState) {
	s.Said = nil
	key := keyOf(s)
	l.mu.Lock()
	if s.Status == agentapi.Running && l.deaf[key] || len(l.queue) >= mostQueued && s.Status == agentapi.Running {
		l.mu.Unlock()
		return
	}
	if last := len(l.queue) - 1; last >= 0 && keyOf(l.queue[last]) == key && l.queue[last].Status == agentapi.Running {
		l.queue[last] = s
	} else {
		l.queue = append(l.queue, s)
	}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func keyOf(s agentapi.SeedStageState) runKey { return runKey{s.SeedID, s.Stage, s.Attempt} }

// deliver sends what is queued, in order, until ctx is done.
func (l *Link) deliver(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		}
		for {
			l.mu.Lock()
			l.sending = len(l.queue) > 0
			if !l.sending {
				l.mu.Unlock()
				break
			}
			s := l.queue[0]
			l.queue = l.queue[1:]
			isDeaf := l.deaf[keyOf(s)]
			if isDeaf && s.Status != agentapi.Running {
				delete(l.deaf, keyOf(s)) // the run is over
			}
			l.mu.Unlock()
			if !isDeaf {
				l.send(ctx, s)
			}
			if ctx.Err() != nil {
				return
			}
		}
	}
}

func (l *Link) send(ctx context.Context, s agentapi.SeedStageState) {
	pause := firstPause
	for try := 1; ; try++ {
		err := l.post(ctx, s)
		var r *refusal
		switch {
		case err == nil:
			l.heard()
			return
		case errors.As(err, &r) && r.status == http.StatusNotFound: // a service of others, or an unknown seed
			if s.Status == agentapi.Running {
				l.mu.Lock()
				l.deaf[keyOf(s)] = true
				l.mu.Unlock()
			}
			return
		case errors.As(err, &r) && r.unknownAgent():
			l.again()
			return
		case errors.As(err, &r) && r.status/100 == 4, try == tries, ctx.Err() != nil:
			l.log.Debug("service was not told of a stage", "seed", s.SeedID, "stage", s.Stage, "status", s.Status, "error", err)
			return
		}
		wait := time.NewTimer(pause)
		select {
		case <-wait.C:
			pause *= 2
		case <-ctx.Done():
			wait.Stop()
			return
		}
	}
}

func (l *Link) post(ctx context.Context, s agentapi.SeedStageState) error {
	ctx, cancel := context.WithTimeout(ctx, l.o.Timeout)
	defer cancel()
	_, err := l.call(ctx, http.MethodPost, "seed-stage-state", s)
	return err
}

// Drain waits until what is queued has been sent or dropped, at most until ctx is done or for 2 s.
func (l *Link) Drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		l.mu.Lock()
		empty := len(l.queue) == 0 && !l.sending
		l.mu.Unlock()
		if empty {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
