package simulation

import (
	"maps"
	"slices"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// The rules that each single write and start has to keep. All are called with w.mu held.

// remember keeps what is stored as the rules know it, in a copy of their own.
func (w *world) remember(s agent.Seed) {
	s.Engine.Hosts = maps.Clone(s.Engine.Hosts)
	for side, h := range s.Engine.Hosts {
		c := *h
		s.Engine.Hosts[side] = &c
	}
	w.rows[s.ID] = s
}

func (w *world) ruleMade(f agent.Fence, s *agent.Seed) {
	w.say("row", "seed %d is made: %s of %s from %s", s.ID, s.Method, s.TargetHost, s.SourceHost)
	if f.Term != w.term && f.Term != 0 { // 0: a person's request, which any node may write
		w.breaks("seed %d was made under term %d in term %d", s.ID, f.Term, w.term)
	}
	if s.Attempt != 1 || s.Stage != agentapi.Prepare || s.Status != agentapi.Scheduled {
		w.breaks("seed %d begins as %s/%s attempt %d", s.ID, s.Stage, s.Status, s.Attempt)
	}
	w.remember(*s)
	w.ruleTargets(s)
	if _, has := w.mem.Downtimes()[s.TargetHost]; !has {
		w.breaks("seed %d began without a downtime of %s", s.ID, s.TargetHost)
	}
}

// ruleWrite checks one stored change of a seed.
func (w *world) ruleWrite(f agent.Fence, before, after agent.Seed, t agent.Transition) {
	moved := before.Stage != after.Stage || before.Status != after.Status
	if w.tells {
		w.sayRows(before, after, t, moved)
	}
	switch {
	case f.Term != w.term && f.Term != 0:
		w.breaks("seed %d was written under term %d in term %d", after.ID, f.Term, w.term)
	case f.Term == 0 && w.term != 0 && moved && after.Status != agentapi.Aborting && before.Status != agentapi.Failed:
		w.breaks("seed %d moved to %s/%s without a term", after.ID, after.Stage, after.Status)
	case t.Seed.Version != before.Version || after.Version != before.Version+1:
		w.breaks("seed %d was written from version %d while %d is stored, and is now %d", after.ID, t.Seed.Version, before.Version, after.Version)
	case moved && !slices.ContainsFunc(agent.Moves, func(m agent.Move) bool {
		return m.Stage == before.Stage && m.Status == before.Status && m.ToStage == after.Stage && m.ToStatus == after.Status
	}):
		w.breaks("seed %d moved from %s/%s to %s/%s", after.ID, before.Stage, before.Status, after.Stage, after.Status)
	}
	announced := moved && after.Status == agentapi.Scheduled
	if grown := after.Attempt - before.Attempt; announced && grown != 1 || !announced && grown != 0 {
		w.breaks("seed %d: attempt %d became %d with %s/%s", after.ID, before.Attempt, after.Attempt, after.Stage, after.Status)
	}
	w.ruleRows(before, after, t, moved)
	if moved {
		w.ruleStatus(after)
		w.ruleTargets(&after)
		w.ruleDowntime(after)
	}
	w.ruleRelease(before, after)
	w.remember(after)
}

func (w *world) sayRows(before, after agent.Seed, t agent.Transition, moved bool) {
	if moved {
		w.say("row", "seed %d: %s/%s -> %s/%s attempt %d %s", after.ID, before.Stage, before.Status, after.Stage, after.Status, after.Attempt, after.Problem.Text)
	}
	for _, r := range t.Rows {
		w.say("history", "seed %d %s %s %s: %s", r.SeedID, r.Stage, r.Host, r.Status, r.Details)
	}
}

// ruleRows: the history says what the row does.
func (w *world) ruleRows(before, after agent.Seed, t agent.Transition, moved bool) {
	hasError := false
	for _, r := range t.Rows {
		if r.SeedID != after.ID || r.Stage != before.Stage || r.Attempt != before.Attempt || r.Host != after.TargetHost && r.Host != after.SourceHost || r.Details == "" {
			w.breaks("seed %d in %s attempt %d has the history row %+v", after.ID, before.Stage, before.Attempt, r)
		}
		hasError = hasError || r.Status == agentapi.Error
	}
	if moved && after.Status == agentapi.Error && !hasError {
		w.breaks("seed %d failed in %s without a row that says so", after.ID, after.Stage)
	}
	if moved && len(t.Audit) == 0 {
		w.breaks("seed %d moved to %s/%s without an audit line", after.ID, after.Stage, after.Status)
	}
	if moved && len(t.Rows) == 0 && after.Status != agentapi.Scheduled && after.Status != agentapi.Running {
		w.breaks("seed %d moved to %s/%s without a history row", after.ID, after.Stage, after.Status)
	}
}

// ruleStatus: what belongs to a status is there.
func (w *world) ruleStatus(s agent.Seed) {
	ended := s.Status == agentapi.Completed || s.Status == agentapi.Failed
	if ended != (s.Outcome != "") || ended == s.EndedAt.IsZero() {
		w.breaks("seed %d is %s with outcome %q, ended at %v", s.ID, s.Status, s.Outcome, s.EndedAt)
	}
	p := s.Problem
	switch s.Status {
	case agentapi.Error:
		if p.Code == "" || p.Text == "" {
			w.breaks("seed %d is in Error without a reason: %+v", s.ID, p)
		}
	case agentapi.Failed:
		if p.Code == "" || p.Text == "" || p.Hint == "" && p.Code != agent.CodeAborted {
			w.breaks("seed %d failed without code, text or hint: %+v", s.ID, p)
		}
		for _, side := range agentapi.Sides {
			if h := s.Engine.Hosts[side]; h == nil || h.Release == agent.ReleaseNone {
				w.breaks("seed %d failed, and nobody is to release %s", s.ID, s.Host(side))
			}
		}
		if s.Problem.Code == agent.CodeAborted && s.Problem.Hint == "" {
			w.ruleAborted(s)
		}
	case agentapi.Scheduled:
		for side, h := range s.Engine.Hosts {
			if h.Stage != "" || h.Release != "" {
				w.breaks("seed %d is scheduled while %s is %q and %q", s.ID, side, h.Stage, h.Release)
			}
		}
	}
}

// ruleAborted: agents that have confirmed an abort run nothing of the seed.
func (w *world) ruleAborted(s agent.Seed) {
	for _, side := range agentapi.Sides {
		h := w.hosts[s.Host(side)]
		k := h.seeds[s.ID]
		if k == nil {
			continue
		}
		refused := slices.ContainsFunc(agentapi.Stages, func(st agent.Stage) bool { return k.works[st] != nil && k.works[st].running() && k.works[st].refused })
		if refused || k.runs() && !w.messy {
			w.breaks("seed %d is aborted by its agents' word, and %s still runs a stage of it", s.ID, h.name)
		}
	}
}

// ruleTargets: no two live seeds share a target, and nobody reads from the target of another.
func (w *world) ruleTargets(s *agent.Seed) {
	if !s.Active() {
		return
	}
	for id, o := range w.rows {
		if id != s.ID && o.Active() && (o.TargetHost == s.TargetHost || o.TargetHost == s.SourceHost || o.SourceHost == s.TargetHost) {
			w.breaks("seeds %d and %d live with %s from %s and %s from %s", s.ID, id, s.TargetHost, s.SourceHost, o.TargetHost, o.SourceHost)
		}
	}
}

func (w *world) ruleDowntime(s agent.Seed) {
	if _, has := w.mem.Downtimes()[s.TargetHost]; has != s.Active() {
		w.breaks("seed %d is %s, and its target's downtime is there: %v", s.ID, s.Status, has)
	}
}

// ruleRelease: what has been let go is not held again, and nothing is given up before its time.
func (w *world) ruleRelease(before, after agent.Seed) {
	if before.Status != agentapi.Failed || after.Status != agentapi.Failed {
		return
	}
	for _, side := range agentapi.Sides {
		was, is := before.Engine.Hosts[side], after.Engine.Hosts[side]
		if was == nil || is == nil || was.Release == is.Release {
			continue
		}
		if was.Release == agent.ReleaseDone || was.Release == agent.ReleaseGivenUp || is.Release == agent.ReleaseHeld {
			w.breaks("seed %d on %s: release went from %q to %q", after.ID, side, was.Release, is.Release)
		}
	}
}

// ruleStart checks the real start of a stage on a host.
func (h *host) ruleStart(s *held, q request) {
	w := h.w
	key := start{q.seed, q.stage, q.attempt}
	h.starts[key]++
	if h.starts[key] > 1 && !h.v2 {
		w.breaks("%s of seed %d was started %d times with attempt %d on %s", q.stage, q.seed, h.starts[key], q.attempt, h.name)
	}
	if k := s.works[q.stage]; h.v2 && k != nil && k.running() && !w.messy {
		w.breaks("%s of seed %d was started on %s while it ran", q.stage, q.seed, h.name)
	}
	row, known := w.rows[q.seed]
	switch {
	case !known:
		w.breaks("%s of seed %d was started on %s, and no such seed is stored", q.stage, q.seed, h.name)
	case q.attempt > row.Attempt || q.attempt == row.Attempt && q.stage != row.Stage && !h.v2:
		w.breaks("%s attempt %d of seed %d was started on %s; announced is %s attempt %d", q.stage, q.attempt, q.seed, h.name, row.Stage, row.Attempt)
	case q.stage == agentapi.Restore && h.name != row.TargetHost || h.name != row.TargetHost && h.name != row.SourceHost:
		w.breaks("%s of seed %d (%s from %s) was started on %s", q.stage, q.seed, row.TargetHost, row.SourceHost, h.name)
	case q.stage == agentapi.Backup && q.side != row.BackupSide && !row.Engine.TargetReceives:
		w.breaks("Backup of seed %d, which runs on the %s, was started on the %s", q.seed, row.BackupSide, q.side)
	}
}

// ruleConnect: the target of ConnectSlave runs on the data of the seed that has it connected.
func (h *host) ruleConnect(p *process, source string) {
	w := h.w
	for _, s := range w.rows {
		if s.TargetHost == h.name && s.SourceHost == source && s.Active() && s.Stage == agentapi.ConnectSlave {
			if h.data != s.ID && !h.lost[s.ID] && !h.v2 {
				w.breaks("seed %d connects %s, which runs on the data of %d", s.ID, h.name, h.data)
			}
			return
		}
	}
	if !w.messy && p.leads() {
		w.breaks("%s was connected to %s, and no seed is there to be connected", h.name, source)
	}
}
