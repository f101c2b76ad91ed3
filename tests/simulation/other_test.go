package simulation

import (
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// What follows is an agent of others together with what agentclient makes of it: it knows no attempts, starts again what it
// is told to start, keeps everything in memory, and has no release but Cleanup.

// startOther: the client asks whether the stage runs before it starts it.
func (h *host) startOther(q request) error {
	s := h.seeds[q.seed]
	if s == nil && q.stage != agentapi.Prepare {
		return unknownSeed("start", h.name)
	}
	if s == nil {
		s = &held{id: q.seed, method: q.method, side: q.side, was: h.data, works: map[agent.Stage]*work{}}
		h.seeds[q.seed] = s
	}
	if k := s.works[q.stage]; k != nil && k.running() {
		return nil
	}
	h.begin(s, q)
	return nil
}

// abortOther: it knows only whether its own commands run, and can't always end them.
func (h *host) abortOther(s *held, q request) error {
	stage := q.stage
	switch {
	case stage == agentapi.ConnectSlave, stage == agentapi.Restore && s.side != agentapi.Target:
		return nil
	case stage == agentapi.Backup && s.side != q.backup:
		stage = agentapi.Prepare
	}
	if stage == agentapi.Prepare {
		s.receives = false
	}
	k := s.works[stage]
	switch {
	case k == nil || !k.running():
		return nil
	case k.stubborn:
		k.refused = true
		return &agent.OpError{Code: agent.CodeAgentRefused, Op: "abort", Host: h.name, Text: "Unable to abort seed", Hint: "none", Err: agent.ErrStillRunning}
	}
	k.end("signal: killed", "")
	return nil
}

// releaseOther ends the stage and cleans up; the client waits for that.
func (h *host) releaseOther(s *held, q request) error {
	if s == nil {
		return nil
	}
	if q.stage != agentapi.Cleanup {
		if err := h.abortOther(s, q); err != nil {
			return err
		}
	}
	switch k := s.works[agentapi.Cleanup]; {
	case k == nil || k.status() == agentapi.Error:
		q.stage = agentapi.Cleanup
		h.begin(s, q)
		fallthrough
	case k.running():
		return &agent.OpError{Code: agent.CodeAgentRefused, Op: "release", Host: h.name, Text: "cleaning up goes on", Hint: "none", Err: agent.ErrStillRunning}
	}
	return nil
}

// report is an agent's call-back at the door of the service.
func (w *world) report(host string, st agentapi.SeedStageState) {
	w.mu.Lock()
	var p *process
	for _, n := range w.nodes {
		if n.leads() {
			p = n
		}
	}
	ignore := w.over || p == nil || w.hosts[host].isDown() || time.Now().Before(w.hosts[host].pausedUntil)
	w.mu.Unlock()
	if !ignore {
		_ = p.engine.AgentReported(p.ctx, host, st) // it only wakes the seed
	}
}
