package runner

import (
	"context"
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Abort ends what runs for that stage, and the background with it, and returns when none of it is left; nothing running is
// nil too. With an attempt (not 0) newer attempts are left alone, and a start of this or an older one that comes later is
// refused. ErrUnknownSeed; ErrStillRunning when ctx is done before it has ended.
func (r *Runner) Abort(ctx context.Context, seedID int64, stage agentapi.Stage, attempt int64) error {
	r.mu.Lock()
	s := r.heldLocked(seedID)
	if s == nil {
		r.mu.Unlock()
		if attempt != 0 { // its start may still be on its way
			r.Fence(seedID, attempt)
		}
		return ErrUnknownSeed
	}
	if attempt > s.e.Fence {
		s.e.Fence, s.dirty = attempt, true
	}
	u := s.run
	if u != nil && (u.stage != stage || attempt != 0 && attempt < u.attempt) {
		u = nil
	}
	r.mu.Unlock()
	if u != nil {
		u.cancel(causeAborted)
	}
	// The background is looked at again when the stage is over, which may have opened one a moment ago.
	for range 2 {
		b := r.abortable(s, stage, attempt)
		if b != nil {
			b.cancel(causeAborted)
		}
		for _, over := range []*run{u, b} {
			if over == nil {
				continue
			}
			if err := over.wait(ctx); err != nil {
				return fmt.Errorf("abort %s of seed %d: %w", stage, seedID, err)
			}
		}
	}
	if attempt == 0 {
		return nil
	}
	return r.save(s)
}

// abortable is what runs beside the stages and is ended by the abort of that one: the background by an abort of the stages
// that open it or wait for it, the post-seed command by that of Cleanup. A newer attempt of a stage keeps it.
func (r *Runner) abortable(s *seed, stage agentapi.Stage, attempt int64) *run {
	r.mu.Lock()
	defer r.mu.Unlock()
	b := s.back
	switch stage {
	case agentapi.Prepare, agentapi.Backup, agentapi.Restore:
	case agentapi.Cleanup:
		b = s.post
	default:
		return nil
	}
	if !b.running() || attempt != 0 && (b.attempt > attempt || s.run != nil && s.run.attempt > attempt) {
		return nil
	}
	return b
}
