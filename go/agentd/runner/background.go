package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/journal"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/procgroup"
)

// running says whether a background or a post-seed command goes on; nil does not. The caller holds Runner.mu.
func (u *run) running() bool { return u != nil && !u.over }

// workLocked is what of the seed keeps other seeds off the host: a stage, else the background.
func (s *seed) workLocked() *run {
	if s.run != nil && s.run.isStage() {
		return s.run
	}
	if s.back.running() {
		return s.back
	}
	return nil
}

// receivedLocked: the receiving end was closed, well or not, and nothing came after it.
func (s *seed) receivedLocked() bool {
	return s.e.Background != nil && !s.back.running() && s.e.Stages[agentapi.Backup] == nil && s.e.Stages[agentapi.Restore] == nil
}

// Background implements method.Runner.
func (h *handle) Background(f func(ctx context.Context, run method.Runner) error) error {
	u, r, s := h.u, h.u.r, h.u.s
	if !u.isStage() {
		return refuse(ErrMismatch, "only a stage opens a receiving end")
	}
	boot, err := procgroup.BootID()
	if err != nil {
		return err
	}
	var b *run
	for b == nil {
		r.mu.Lock()
		if s.run != u || u.ctx.Err() != nil { // nobody would end it
			r.mu.Unlock()
			return fmt.Errorf("open the receiving end: %w", errors.Join(context.Cause(u.ctx), context.Canceled))
		}
		old := s.back
		if old.running() {
			r.mu.Unlock()
			old.cancel(causeReopened)
			if err := old.waitAtMost(u.ctx, patience); err != nil {
				return fmt.Errorf("close the receiving end of attempt %d: %w", old.attempt, err)
			}
			continue
		}
		b = r.newRun(s, runBackground, u.attempt)
		s.back = b
		s.e.Background = &journal.Background{Attempt: u.attempt, Boot: boot, Started: time.Now()}
		r.mu.Unlock()
	}
	if err := r.save(s); err != nil {
		err = fmt.Errorf("open the receiving end: %w", err)
		r.endBackground(b, err)
		return err
	}
	r.work.Go(func() { // the stage is counted, so nobody has seen the count at 0
		err := b.guard(func(ctx context.Context) error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return f(ctx, &handle{b})
		})
		r.endBackground(b, err)
	})
	return nil
}

// endBackground writes down how it ended and lets those go on who wait for it.
func (r *Runner) endBackground(b *run, err error) {
	text, code, hint, permanent := "", "", "", false
	if err != nil {
		text, code, hint, permanent = describe(b.ctx, err)
		r.log.Warn("receiving end failed", "seed", b.s.id, "attempt", b.attempt, "error", err)
		var c *cause
		if errors.As(context.Cause(b.ctx), &c) {
			text = "the receiving end was closed: " + c.text
			err = &method.StageError{Code: code, Text: text}
		}
	}
	r.mu.Lock()
	b.over, b.err = true, err
	g := b.s.e.Background
	g.Ended, g.Error, g.ErrorCode, g.Hint, g.Permanent = time.Now(), text, code, hint, permanent
	b.s.e.Updated, b.s.dirty = g.Ended, true
	r.mu.Unlock()
	if serr := r.save(b.s); serr != nil {
		r.log.Error("journal cannot be written; it is tried again", "seed", b.s.id, "error", serr)
	}
	b.cancel(nil)
	close(b.done)
}

// dropBackground ends the background of a seed whose Prepare or Backup has failed: what it receives is of no use.
func (r *Runner) dropBackground(u *run) {
	if u.stage != agentapi.Prepare && u.stage != agentapi.Backup {
		return
	}
	r.mu.Lock()
	b := u.s.back
	if u.s.run != u || !b.running() {
		r.mu.Unlock()
		return
	}
	r.mu.Unlock()
	b.cancel(&cause{"stage-failed", string(u.stage) + " failed"})
	if err := b.waitAtMost(context.Background(), patience); err != nil {
		r.log.Error("receiving end has not ended", "seed", u.s.id, "error", err)
	}
}

// Join implements method.Runner.
func (h *handle) Join(ctx context.Context) error {
	u, r, s := h.u, h.u.r, h.u.s
	if u.stage == runBackground {
		return refuse(ErrMismatch, "the receiving end cannot wait for itself")
	}
	r.mu.Lock()
	b, last := s.back, s.e.Background
	if b == nil {
		defer r.mu.Unlock()
		return joinEnded(last)
	}
	if st := s.e.Stages[agentapi.Backup]; b.progress != nil && s.run == u && u.stage == agentapi.Backup && st != nil && st.Progress == nil {
		p := *b.progress
		st.Progress, s.dirty, s.moved = &p, true, true // what came before anybody waited
	}
	r.mu.Unlock()
	select {
	case <-b.done:
		return b.err
	default:
	}
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// joinEnded is what Join says of a background of which only the journal knows.
func joinEnded(b *journal.Background) error {
	switch {
	case b == nil:
		return method.ErrNoBackground
	case b.Error == "":
		return nil
	}
	return &method.StageError{Code: b.ErrorCode, Text: b.Error, Hint: b.Hint, Permanent: b.Permanent}
}
