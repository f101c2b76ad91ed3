package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/procgroup"
)

// recover ends what the journal names and is still there, and marks the stages that ran as failed, so that the service
// starts them again.
func (r *Runner) recover(ctx context.Context) error {
	boot, err := procgroup.BootID()
	if err != nil {
		return err
	}
	for _, s := range r.seeds {
		if !r.interrupted(s) {
			continue
		}
		var errs []error
		left := s.e.Groups[:0]
		for _, g := range s.e.Groups {
			if err := g.End(ctx, r.o.Grace); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", g.Tool, err))
				left = append(left, g)
			}
		}
		s.e.Groups = left
		if s.e.Mark != "" {
			errs = append(errs, s.e.Mark.End(ctx, r.o.Grace))
		}
		problem := errors.Join(errs...)
		r.markInterrupted(s, boot, problem)
		if err := r.save(s); err != nil {
			r.log.Error("journal cannot be written; it is tried again", "seed", s.id, "error", err)
		}
	}
	return nil
}

func (r *Runner) interrupted(s *seed) bool {
	for _, st := range s.e.Stages {
		if st.Status == agentapi.Running {
			return true
		}
	}
	return len(s.e.Groups) > 0 || s.e.Background != nil && s.e.Background.Ended.IsZero() || s.e.PostSeed != nil && s.e.PostSeed.At.IsZero()
}

func (r *Runner) markInterrupted(s *seed, boot string, problem error) {
	for name, st := range s.e.Stages {
		if st.Status != agentapi.Running {
			continue
		}
		what, code := restarted(st.Boot, boot)
		st.Status, st.ErrorCode, st.Changed = agentapi.Error, code, time.Now()
		st.Details = fmt.Sprintf("%s while running attempt %d of %s", what, st.Attempt, name)
		if problem != nil {
			st.Details += "; " + problem.Error()
		}
		s.e.Updated = st.Changed
		r.o.Notify(r.stateLocked(s, name)) // nobody else has the runner yet
		r.log.Warn("stage was interrupted", "seed", s.id, "stage", name, "attempt", st.Attempt, "reason", what, "error", problem)
	}
	if b := s.e.Background; b != nil && b.Ended.IsZero() {
		what, code := restarted(b.Boot, boot)
		b.Ended, b.ErrorCode = time.Now(), code
		b.Error = fmt.Sprintf("%s while data was received (attempt %d)", what, b.Attempt)
		b.Hint = "The copy starts again at Prepare."
		r.log.Warn("receiving end was interrupted", "seed", s.id, "attempt", b.Attempt, "reason", what, "error", problem)
	}
	if p := s.e.PostSeed; p != nil && p.At.IsZero() {
		p.At, p.Error = time.Now(), "agent was restarted while the post-seed command ran"
		r.log.Warn("post-seed command was interrupted", "seed", s.id, "error", problem)
	}
}

func restarted(was, boot string) (what, code string) {
	if was != boot {
		return "host was restarted", "host-restarted"
	}
	return "agent was restarted", "agent-restarted"
}
