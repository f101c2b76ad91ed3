package runner

import (
	"errors"
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// takeTermsLocked keeps what a start says of the other side. The secret stays in memory: who needs it again tells it again.
func (s *seed) takeTermsLocked(q StartRequest) {
	if q.Stage == agentapi.Backup {
		s.e.PeerHost, s.e.SourceMySQLPort = q.PeerHost, q.SourceMySQLPort
	}
	t := q.Terms
	if t == nil {
		if q.Stage == agentapi.Prepare {
			s.e.Terms, s.secret = nil, ""
		}
		return
	}
	kept := *t
	kept.Secret = ""
	s.e.Terms, s.secret = &kept, t.Secret
	if t.PeerHost != "" && (q.Stage != agentapi.Backup || s.e.PeerHost == "") {
		s.e.PeerHost = t.PeerHost
	}
	if t.SourceMySQLPort != 0 && (q.Stage != agentapi.Backup || s.e.SourceMySQLPort == 0) {
		s.e.SourceMySQLPort = t.SourceMySQLPort
	}
	if t.Bandwidth != nil {
		n := *t.Bandwidth
		s.e.Bandwidth = &n
	}
}

func (s *seed) termsLocked() agentapi.SeedTerms {
	if s.e.Terms == nil {
		return agentapi.SeedTerms{}
	}
	t := *s.e.Terms
	t.Secret = s.secret
	return t
}

// limitLocked puts the seed's bound where Limit finds it without the lock.
func (s *seed) limitLocked(configured int64) {
	if s.e.Bandwidth != nil {
		configured = *s.e.Bandwidth
	}
	s.limit.Store(configured)
}

// Limit implements method.Runner.
func (h *handle) Limit() int64 { return h.u.s.limit.Load() }

// SetBandwidth bounds what the seed sends, in bytes a second from now on; 0 is no bound. It has reached the journal when nil
// is returned, and counts in memory in any case. ErrUnknownSeed.
func (r *Runner) SetBandwidth(seedID, bytesPerSecond int64) error {
	if bytesPerSecond < 0 {
		return errors.New("bandwidth is below 0")
	}
	r.mu.Lock()
	s := r.heldLocked(seedID)
	if s == nil {
		r.mu.Unlock()
		return ErrUnknownSeed
	}
	s.e.Bandwidth = &bytesPerSecond
	s.limitLocked(r.o.Bandwidth)
	r.mu.Unlock()
	r.log.Info("bandwidth is set", "seed", seedID, "bytesPerSecond", bytesPerSecond)
	return r.save(s)
}

// OldData implements method.Runner.
func (h *handle) OldData(state agentapi.OldData, at string) error {
	if _, err := agentapi.ParseOldData(string(state)); err != nil {
		return err
	}
	r, s := h.u.r, h.u.s
	r.mu.Lock()
	changed := s.e.OldData != state || s.e.OldDataAt != at
	s.e.OldData, s.e.OldDataAt = state, at
	stage := h.u.stageLocked()
	if stage == "" {
		stage = s.lastStageLocked()
	}
	told := r.stateLocked(s, stage)
	r.mu.Unlock()
	if err := r.save(s); err != nil {
		return fmt.Errorf("note what became of the old data: %w", err)
	}
	if changed && stage != "" {
		r.log.Info("old data", "seed", s.id, "stage", h.u.stage, "state", state, "at", at)
		r.o.Notify(told)
	}
	return nil
}

// lastStageLocked is the last stage that was started; "" when none was.
func (s *seed) lastStageLocked() (last agentapi.Stage) {
	for _, stage := range agentapi.Stages {
		if s.e.Stages[stage] != nil {
			last = stage
		}
	}
	return last
}

// OldData is what was last told of the old data of a seed, also of one that was released; "" when nothing was.
func (r *Runner) OldData(seedID int64) (state agentapi.OldData, at string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.seeds[seedID]; s != nil {
		return s.e.OldData, s.e.OldDataAt
	}
	return "", ""
}
