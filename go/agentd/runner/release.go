package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// Release lets go of everything that the seed holds on this host: what runs is ended, the method puts back what it
// changed, the seed's directory is removed. nil when that is done, also for a seed that is unknown or was released before.
// A release that outlives ctx goes on; the next call waits for it.
func (r *Runner) Release(ctx context.Context, seedID int64) error {
	r.mu.Lock()
	s := r.heldLocked(seedID)
	r.mu.Unlock()
	if s == nil {
		return nil
	}
	return r.release(ctx, s)
}

// fence refuses starts of a seed with that attempt or an older one.
type fence struct {
	attempt int64
	at      time.Time
}

// Fence refuses starts of the seed with that attempt or an older one from now on, should any still be on its way: one that
// comes after the release would hold this host for a seed that has ended. Of a seed that is not known it is kept in memory
// only: no call outlives the agent.
func (r *Runner) Fence(seedID, attempt int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.seeds[seedID]
	if s == nil {
		r.fences[seedID] = fence{max(attempt, r.fences[seedID].attempt), time.Now()}
		return
	}
	if attempt > s.e.Fence {
		s.e.Fence, s.dirty = attempt, true
	}
}

func (r *Runner) release(ctx context.Context, s *seed) error {
	for {
		r.mu.Lock()
		if !s.e.Released.IsZero() {
			r.mu.Unlock()
			return nil
		}
		if r.ctx.Err() != nil {
			r.mu.Unlock()
			return refuse(ErrStopped, "agent is stopping")
		}
		u := s.run
		ends := s.endsLocked()
		if u == nil && len(ends) == 0 {
			u = r.newRun(s, runRelease, s.e.Attempt)
			s.run = u
			r.work.Go(func() { r.executeRelease(u) })
		}
		r.mu.Unlock()
		for _, e := range ends {
			e.cancel(causeReleased)
		}
		for _, e := range ends {
			if err := e.wait(ctx); err != nil {
				return fmt.Errorf("release seed %d: %w", s.id, err)
			}
		}
		if len(ends) > 0 {
			continue
		}
		if err := u.wait(ctx); err != nil {
			return fmt.Errorf("release seed %d: %w", s.id, err)
		}
		return u.err
	}
}

// endsLocked is everything that a release ends first.
func (s *seed) endsLocked() (ends []*run) {
	if s.run != nil && s.run.isStage() {
		ends = append(ends, s.run)
	}
	for _, u := range []*run{s.back, s.post} {
		if u.running() {
			ends = append(ends, u)
		}
	}
	return ends
}

func (r *Runner) executeRelease(u *run) {
	s := u.s
	r.mu.Lock()
	finished := s.finished()
	r.mu.Unlock()
	err := u.guarded(func(ctx context.Context, m method.Method, w *method.Work) error {
		if !finished { // a completed seed holds nothing
			if err := m.Release(ctx, w); err != nil {
				return err
			}
		}
		return removeDir(w.Dir)
	})
	r.mu.Lock()
	s.run = nil
	if err == nil {
		s.e.Released, s.e.Updated = time.Now(), time.Now()
		s.e.Memory, s.e.Groups = map[string]json.RawMessage{}, nil
		s.dirty = true
	}
	r.mu.Unlock()
	if err == nil {
		r.log.Info("seed released", "seed", s.id)
		err = r.save(s)
	} else {
		r.log.Error("seed cannot be released", "seed", s.id, "error", err)
	}
	u.err = err
	u.cancel(nil)
	close(u.done)
}

// Metadata asks the seed's method where the copy stands. ErrUnknownSeed, ErrMismatch, and what the method says.
func (r *Runner) Metadata(ctx context.Context, seedID int64, name agentapi.Method) (agentapi.Metadata, error) {
	r.mu.Lock()
	s := r.heldLocked(seedID)
	if s == nil {
		r.mu.Unlock()
		return agentapi.Metadata{}, ErrUnknownSeed
	}
	if s.e.Method != name {
		defer r.mu.Unlock()
		return agentapi.Metadata{}, refuse(ErrMismatch, "seed %d is a %s seed, not %s", seedID, s.e.Method, name)
	}
	u := r.newRun(s, runMetadata, s.e.Attempt) // beside what may run
	r.mu.Unlock()
	defer u.cancel(nil)
	defer context.AfterFunc(ctx, func() { u.cancel(context.Cause(ctx)) })()
	var meta agentapi.Metadata
	err := u.guarded(func(ctx context.Context, m method.Method, w *method.Work) (err error) {
		meta, err = m.Metadata(ctx, w)
		return err
	})
	return meta, err
}
