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
	return len(s.e.Groups) > 0
}

func (r *Runner) markInterrupted(s *seed, boot string, problem error) {
	for name, st := range s.e.Stages {
		if st.Status != agentapi.Running {
			continue
		}
		what, code := "agent was restarted", "agent-restarted"
		if st.Boot != boot {
			what, code = "host was restarted", "host-restarted"
		}
		st.Status, st.ErrorCode, st.Changed = agentapi.Error, code, time.Now()
		st.Details = fmt.Sprintf("%s while running attempt %d of %s", what, st.Attempt, name)
		if problem != nil {
			st.Details += "; " + problem.Error()
		}
		s.e.Updated = st.Changed
		r.o.Notify(r.stateLocked(s, name)) // nobody else has the runner yet
		r.log.Warn("stage was interrupted", "seed", s.id, "stage", name, "attempt", st.Attempt, "reason", what, "error", problem)
	}
}
