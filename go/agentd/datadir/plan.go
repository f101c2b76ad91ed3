package datadir

import (
	"context"
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// phase says what is being done; doc.go says what lies where in each.
type phase string

const (
	phaseReceiving phase = "receiving"
	phaseErasing   phase = "erasing"
	phaseOldOut    phase = "old-out"
	phaseNewIn     phase = "new-in"
	phaseSwapped   phase = "swapped"
	phaseNewOut    phase = "new-out"
	phaseOldBack   phase = "old-back"
	phaseRestored  phase = "restored"
	phaseOver      phase = "over"   // put back, nothing left
	phaseProven    phase = "proven" // Drop has begun
	phaseDropped   phase = "dropped"
)

const planKey = "datadir"

// plan is what the journal of a seed holds.
type plan struct {
	Phase   phase
	Layout  Layout
	Receive string
	Erased  bool `json:",omitempty"`
	Areas   []area
	// HadData: there was a data directory.
	HadData bool
}

// data is the area of the data directory itself: the first.
func (p *plan) data() *area { return &p.Areas[0] }

// at is where the old data is while it is aside.
func (p *plan) at(m mover) string { return m.container(p.data(), "old") }

func recall(w *method.Work) (*plan, error) {
	var p plan
	found, err := w.Run.Recall(planKey, &p)
	if err != nil {
		return nil, fmt.Errorf("read the plan of the data directory: %w", err)
	}
	if !found || p.Phase == "" {
		return nil, nil
	}
	if len(p.Areas) == 0 {
		return nil, fmt.Errorf("read the plan of the data directory: it names no directory")
	}
	return &p, nil
}

func (p *plan) save(w *method.Work, next phase) error {
	before := p.Phase
	p.Phase = next
	if err := w.Run.Remember(planKey, p); err != nil {
		p.Phase = before
		return fmt.Errorf("journal the plan of the data directory: %w", err)
	}
	return nil
}

// tell says what became of the old data. Data that was erased stays erased, and of none there is nothing to say.
func (p *plan) tell(w *method.Work, state agentapi.OldData, at string) error {
	if !p.HadData {
		return nil
	}
	if p.Erased {
		state, at = agentapi.OldDataErased, ""
	}
	return w.Run.OldData(state, at)
}

// step is one way from a phase to the next. Each may be stopped anywhere and begun again.
type step struct {
	do   func(ctx context.Context) error
	next phase
}

// run takes the steps from the plan's phase on, each as often as it was begun, until there is none.
func (p *plan) run(ctx context.Context, w *method.Work, steps map[phase]step) error {
	for {
		s, found := steps[p.Phase]
		if !found {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if err := s.do(ctx); err != nil {
			return err
		}
		if err := p.save(w, s.next); err != nil {
			return err
		}
	}
}
