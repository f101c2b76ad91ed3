package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/journal"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

const (
	mostSaid     = 200  // lines kept of a stage
	longestSaid  = 2000 // bytes of a line
	mostTools    = 10   // programs whose stderr is kept of a stage
	longestTail  = 8 << 10
	stderrBuffer = 64 << 10
)

// handle is the method.Runner of one run.
type handle struct{ u *run }

var _ method.Runner = (*handle)(nil)

func (h *handle) Command(ctx context.Context, env []string, name string, args ...string) *method.Cmd {
	return h.u.command(ctx, env, name, args)
}

func (h *handle) Progress(bytes, total int64, what string) {
	h.u.change(func(_ *journal.Entry, st *journal.Stage) {
		progress(st, bytes, total, what)
		h.u.progress = st.Progress
		h.u.s.moved = true
	})
}

func progress(st *journal.Stage, bytes, total int64, what string) {
	if st.Progress == nil {
		st.Progress = &agentapi.Progress{}
	}
	st.Progress.Bytes = max(st.Progress.Bytes, bytes)
	st.Progress.Total, st.Progress.What = total, what
}

func (h *handle) Say(text string) {
	if len(text) > longestSaid {
		text = strings.ToValidUTF8(text[:longestSaid], "")
	}
	state, told := h.u.change(func(_ *journal.Entry, st *journal.Stage) {
		now := time.Now()
		switch st.Status {
		case agentapi.Running:
			st.Details, st.Changed = text, now
		case agentapi.Completed: // a background, after its Prepare
			st.Details = text
		}
		st.Said = append(st.Said, journal.Line{At: now, Text: text})
		if over := len(st.Said) - mostSaid; over > 0 {
			st.Said = st.Said[over:]
		}
	})
	h.u.r.log.Info("stage says", "seed", h.u.s.id, "stage", h.u.stage, "attempt", h.u.attempt, "text", text)
	if told && state.Status == agentapi.Running {
		h.u.r.o.Notify(state)
	}
}

func (h *handle) Remember(key string, value any) error {
	b, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("remember %s: %w", key, err)
	}
	r := h.u.r
	r.mu.Lock()
	if h.u.s.e.Memory == nil {
		h.u.s.e.Memory = map[string]json.RawMessage{}
	}
	h.u.s.e.Memory[key] = b
	r.mu.Unlock()
	if err := r.save(h.u.s); err != nil {
		return fmt.Errorf("remember %s: %w", key, err)
	}
	return nil
}

func (h *handle) Recall(key string, value any) (bool, error) {
	h.u.r.mu.Lock()
	b, found := h.u.s.e.Memory[key]
	h.u.r.mu.Unlock()
	if !found {
		return false, nil
	}
	if err := json.Unmarshal(b, value); err != nil {
		return true, fmt.Errorf("recall %s: %w", key, err)
	}
	return true, nil
}

// change changes the stage that the run works for, if there is one; says which and how it stands then.
func (u *run) change(f func(*journal.Entry, *journal.Stage)) (state agentapi.SeedStageState, changed bool) {
	u.r.mu.Lock()
	defer u.r.mu.Unlock()
	stage := u.stageLocked()
	st := u.s.e.Stages[stage]
	if st == nil {
		return agentapi.SeedStageState{}, false
	}
	f(u.s.e, st)
	u.s.dirty = true
	return u.r.stateLocked(u.s, stage), true
}

// stageLocked is the stage to which what the run says belongs: its own while it is the current one, and for a background
// Backup while that runs, else Prepare. "" when there is none.
func (u *run) stageLocked() agentapi.Stage {
	switch {
	case u.stage == runBackground:
		if u.s.back != u || u.over {
			return ""
		}
		if now := u.s.run; now != nil && now.stage == agentapi.Backup {
			return agentapi.Backup
		}
		return agentapi.Prepare
	case u.s.run == u && u.isStage():
		return u.stage
	}
	return ""
}
