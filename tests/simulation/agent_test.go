package simulation

import (
	"fmt"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// request is a call about a seed as it goes over the wire: later changes of the caller's seed do not reach it.
type request struct {
	seed    int64
	stage   agent.Stage
	attempt int64
	method  agent.Method
	side    agent.Side
	backup  agent.Side
	streams bool // the target takes part in Backup
}

func requestOf(s *agent.Seed, host string) request {
	side := agentapi.Source
	if s.TargetHost == host {
		side = agentapi.Target
	}
	return request{s.ID, s.Stage, s.Attempt, s.Method, side, s.BackupSide, s.Engine.TargetReceives}
}

// start is an agent of ours that is asked to start a stage, as agentd/runner decides it.
func (h *host) start(q request) error {
	if h.v2 {
		return h.startOther(q)
	}
	s := h.seeds[q.seed]
	if s != nil {
		over := q.attempt < s.attempt || q.attempt <= s.fence || s.released && q.attempt <= s.attempt
		if over && h.w.sabotage != takesOldAttempts {
			return refusal(h, "attempt %d is over", q.attempt)
		}
		if s.released && q.stage != agentapi.Prepare {
			return unknownSeed("start", h.name)
		}
		if k := s.works[q.stage]; !s.released && k != nil && k.attempt == q.attempt {
			return nil
		}
	} else if q.attempt <= h.fences[q.seed] {
		return refusal(h, "attempt %d is over", q.attempt)
	} else if q.stage != agentapi.Prepare {
		return unknownSeed("start", h.name)
	}
	if q.stage == agentapi.Prepare {
		if err := h.makeRoom(q); err != nil {
			return err
		}
	}
	if s == nil || s.released {
		fresh := &held{id: q.seed, method: q.method, side: q.side, was: h.data, old: agentapi.OldDataInPlace, works: map[agent.Stage]*work{}}
		if s != nil {
			fresh.fence = s.fence
		}
		s = fresh
		h.seeds[q.seed] = s
	}
	s.attempt = q.attempt
	s.endAll(fmt.Sprintf("attempt %d of %s was started", q.attempt, q.stage), "superseded", true)
	h.begin(s, q)
	return nil
}

// makeRoom is a Prepare that finds other seeds on its host.
func (h *host) makeRoom(q request) error {
	for _, o := range h.ordered() {
		if o.id == q.seed || o.released {
			continue
		}
		if o.runs() || o.receives {
			return refusal(h, "host works for seed %d", o.id)
		}
		if q.side == agentapi.Target || o.side == agentapi.Target || o.finished() || o.failed() {
			h.letGo(o)
		}
	}
	return nil
}

func refusal(h *host, format string, args ...any) error {
	return &agent.OpError{Code: agent.CodeAgentRefused, Op: "start", Host: h.name, Text: fmt.Sprintf(format, args...), Hint: "see its log"}
}

// begin makes the stage run, for as long and with the end that chance gives it.
func (h *host) begin(s *held, q request) {
	w := h.w
	h.ruleStart(s, q)
	for i := len(agentapi.Stages) - 1; i >= 0 && agentapi.Stages[i] != q.stage; i-- {
		delete(s.works, agentapi.Stages[i])
	}
	d := w.of(0, "work", h.name, string(q.stage), digits(q.seed), digits(q.attempt))
	k := &work{attempt: q.attempt, began: time.Now()}
	k.ends = k.began.Add(d.between(10*time.Millisecond, 3*time.Second))
	r := w.plan.rate
	switch {
	case w.quiet || w.forced != nil:
	case d.perMille(r.stageHangs):
		k.ends = time.Time{}
		if h.v2 { // nobody can end it; at some time it ends by itself
			k.ends = k.began.Add(d.between(w.plan.policy.StaleAfter/2, 2*w.plan.policy.StaleAfter))
		}
	case d.perMille(r.stageFails):
		code := pick(&d, []string{"tool-failed", "peer-failed", "stream-cut", "disk-full"})
		k.failure = &agentapi.SeedStageState{Details: "made-up failure", ErrorCode: code, Hint: "none", Permanent: !h.v2 && d.perMille(r.stagePermanent)}
	case d.perMille(r.slow):
		k.ends = k.began.Add(d.between(5*time.Second, 60*time.Second))
	}
	k.stubborn = !w.quiet && d.perMille(r.stubborn) && (h.v2 || d.one(2))
	s.works[q.stage] = k
	s.files = true
	switch {
	case q.stage == agentapi.Prepare:
		s.received = false
		s.receives = s.side == agentapi.Target && sideOf(s.method) == agentapi.Source
	case q.stage == agentapi.Restore && !keeps(s.method):
		h.data, s.old = erased, agentapi.OldDataErased
		h.replicaOf, h.connectedBy = "", 0
	case q.stage == agentapi.Restore:
		h.replicaOf, h.connectedBy = "", 0
	}
	if k.failure == nil && !k.ends.IsZero() && q.stage == agentapi.Backup && s.side == agentapi.Target && s.side != q.backup && !s.receives {
		k.ends = k.began.Add(time.Millisecond)
		k.failure = &agentapi.SeedStageState{Details: "no receiving end is open", ErrorCode: "no-receiver", Hint: "the copy starts again at Prepare"}
	}
	if !h.v2 {
		h.callBack(q, k)
	}
}

// callBack tells the service when the stage ends; that may be lost, late, or told more than once.
func (h *host) callBack(q request, k *work) {
	if k.ends.IsZero() {
		return
	}
	w := h.w
	d := w.of(0, "call back", h.name, string(q.stage), digits(q.seed), digits(q.attempt))
	r := w.plan.rate
	times, after := 1, k.ends.Sub(k.began)+d.between(time.Millisecond, 20*time.Millisecond)
	switch {
	case d.perMille(r.callbackLost):
		return
	case d.perMille(r.callbackLate):
		after += d.between(0, 20*time.Second)
	case d.perMille(r.callbackMore):
		times = 3
	}
	st := agentapi.SeedStageState{SeedID: q.seed, Stage: q.stage, Attempt: q.attempt, Hostname: h.name, Status: agentapi.Completed}
	for i := range times {
		time.AfterFunc(after+time.Duration(i)*300*time.Millisecond, func() { w.report(h.name, st) })
	}
}

// state is how the stage stands.
func (h *host) state(q request) (*agentapi.SeedStageState, error) {
	s := h.seeds[q.seed]
	if s == nil || s.released {
		return nil, unknownSeed("state", h.name)
	}
	k := s.works[q.stage]
	if k == nil || !h.v2 && k.attempt != q.attempt {
		return nil, unknownSeed("state", h.name)
	}
	st := &agentapi.SeedStageState{SeedID: q.seed, Stage: q.stage, Hostname: h.name, Timestamp: time.Now(), Status: k.status(), Details: "running"}
	switch {
	case k.ended != "":
		st.Details, st.ErrorCode = k.ended, k.code
	case st.Status == agentapi.Error:
		st.Details, st.ErrorCode, st.Hint, st.Permanent = k.failure.Details, k.failure.ErrorCode, k.failure.Hint, k.failure.Permanent
	case st.Status == agentapi.Completed:
		st.Details = "stage completed"
	}
	if h.v2 {
		st.ErrorCode, st.Hint, st.Permanent = "", "", false
		return st, nil
	}
	st.Attempt = k.attempt
	if s.side == agentapi.Target {
		st.OldData = s.old
	}
	if !k.ends.IsZero() {
		st.Progress = &agentapi.Progress{Bytes: time.Since(k.began).Milliseconds()}
	} else {
		st.Progress = &agentapi.Progress{Bytes: 17}
	}
	return st, nil
}

// abort ends what runs for the stage.
func (h *host) abort(q request) error {
	s := h.seeds[q.seed]
	if s == nil || s.released {
		h.fences[q.seed] = max(h.fences[q.seed], q.attempt)
		return nil // agentclient takes "not known" for "runs nothing"
	}
	if h.v2 {
		return h.abortOther(s, q)
	}
	s.fence = max(s.fence, q.attempt)
	k := s.works[q.stage]
	if q.stage != agentapi.Cleanup && (k == nil || k.attempt <= q.attempt) && s.attempt <= q.attempt {
		s.receives = false
	}
	if k == nil || !k.running() || k.attempt > q.attempt {
		return nil
	}
	if k.stubborn {
		k.stubborn, k.refused = false, true // the next one helps
		return &agent.OpError{Code: agent.CodeAgentRefused, Op: "abort", Host: h.name, Text: "it goes on", Hint: "none", Err: agent.ErrStillRunning}
	}
	k.end("aborted", "aborted")
	return nil
}

// release lets go of the seed.
func (h *host) release(q request) (agentapi.OldData, error) {
	s := h.seeds[q.seed]
	if h.v2 {
		return "", h.releaseOther(s, q)
	}
	if s == nil {
		h.fences[q.seed] = max(h.fences[q.seed], q.attempt)
		return "", nil
	}
	s.fence = max(s.fence, q.attempt)
	if !s.released {
		h.letGo(s)
	}
	if s.side == agentapi.Target {
		return s.old, nil
	}
	return "", nil
}
