package runner

import (
	"fmt"
	"slices"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/journal"
)

// State is how a stage stands. With an attempt (not 0) only that attempt's state is told: ErrUnknownStage when it was never
// started here or another one followed it. ErrUnknownSeed when the seed is not known or was released.
func (r *Runner) State(seedID int64, stage agentapi.Stage, attempt int64) (agentapi.SeedStageState, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.heldLocked(seedID)
	if s == nil {
		return agentapi.SeedStageState{}, ErrUnknownSeed
	}
	st := s.e.Stages[stage]
	if st == nil || attempt != 0 && st.Attempt != attempt {
		return agentapi.SeedStageState{}, ErrUnknownStage
	}
	state := r.stateLocked(s, stage)
	for _, l := range st.Said {
		state.Said = append(state.Said, l.At.UTC().Format(time.RFC3339)+" "+l.Text)
	}
	return state, nil
}

// heldLocked is the seed if it is known and not released, else nil.
func (r *Runner) heldLocked(seedID int64) *seed {
	s := r.seeds[seedID]
	if s == nil || !s.e.Released.IsZero() {
		return nil
	}
	return s
}

func (r *Runner) stateLocked(s *seed, stage agentapi.Stage) agentapi.SeedStageState {
	st := s.e.Stages[stage]
	if st == nil {
		st = &journal.Stage{}
	}
	state := agentapi.SeedStageState{
		SeedID: s.id, Stage: stage, Hostname: r.o.Hostname, Timestamp: st.Changed, Status: st.Status, Details: st.Details,
		Attempt: st.Attempt, ErrorCode: st.ErrorCode, Hint: st.Hint, Permanent: st.Permanent,
		OldData: s.e.OldData, OldDataAt: s.e.OldDataAt,
	}
	if st.Progress != nil {
		p := *st.Progress
		state.Progress = &p
	}
	return state
}

// wireIndex is the key of a stage in ActiveSeed.StagesDetails, as v2 agents number them.
var wireIndex = []agentapi.Stage{agentapi.Prepare, agentapi.Backup, agentapi.Restore, agentapi.Cleanup}

// Active is the seed that the host works for, or the last one it worked for and still holds; SeedID 0 when there is none.
func (r *Runner) Active() agentapi.ActiveSeed {
	r.mu.Lock()
	defer r.mu.Unlock()
	var best *seed
	for _, s := range r.seeds {
		if !s.e.Released.IsZero() {
			continue
		}
		if best == nil || s.busyLocked() && !best.busyLocked() || s.busyLocked() == best.busyLocked() && s.e.Updated.After(best.e.Updated) {
			best = s
		}
	}
	a := agentapi.ActiveSeed{StagesDetails: map[string]agentapi.SeedStageState{}}
	if best == nil {
		return a
	}
	a.SeedID, a.Method, a.Side, a.Attempt = best.id, best.e.Method, best.e.Side, best.e.Attempt
	for i, stage := range wireIndex {
		if st := best.e.Stages[stage]; st != nil {
			a.StagesDetails[fmt.Sprint(i)] = r.stateLocked(best, stage)
			a.Stage, a.SeedStatus = stage, st.Status
		}
	}
	if a.SeedStatus == agentapi.Completed && a.Stage != agentapi.Cleanup {
		a.SeedStatus = agentapi.Running // between two stages
	}
	return a
}

// Receiving names the seed, if there is one, whose receiving end is open on this host.
func (r *Runner) Receiving() (seedID int64, receives bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.seeds {
		if s.back.running() {
			return s.id, true
		}
	}
	return 0, false
}

// busyLocked: something runs for it.
func (s *seed) busyLocked() bool { return s.run != nil || s.back.running() || s.post.running() }

// finished: its last stage was completed, nothing is held for it.
func (s *seed) finished() bool {
	c := s.e.Stages[agentapi.Cleanup]
	return c != nil && c.Status == agentapi.Completed
}

// failed: one of its stages stands on Error.
func (s *seed) failed() bool {
	for _, st := range s.e.Stages {
		if st.Status == agentapi.Error {
			return true
		}
	}
	return false
}

// idleLocked lists seeds that hold nothing, the one unchanged for longest first.
func (r *Runner) idleLocked() []*seed {
	var idle []*seed
	for _, s := range r.seeds {
		if !s.busyLocked() && (!s.e.Released.IsZero() || s.finished()) {
			idle = append(idle, s)
		}
	}
	slices.SortFunc(idle, func(a, b *seed) int { return a.e.Updated.Compare(b.e.Updated) })
	return idle
}
