package agent

import (
	"fmt"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
)

// gate is step 6 of ConnectSlave: both threads run, no error, and the lag is below the threshold; while it keeps falling
// there is time until the catch-up is over. What a replica's state means is inst.Gate's to say.
func (d *decider) gate() {
	r := d.obs.Replication
	switch {
	case r == nil:
	case r.Problem != nil:
		d.gateUnreachable(*r.Problem)
	case r.Replica != nil:
		d.judge(r.Replica)
	}
}

// gateUnreachable: as with agents, a look that fails is not a replica that failed, until it has failed for too long.
func (d *decider) gateUnreachable(p Problem) {
	h := d.host(agentapi.Target)
	if h.UnreachableSince.IsZero() {
		h.UnreachableSince = d.now
		d.row(d.seed.TargetHost, agentapi.Running, "The replica can't be looked at: "+p.Text)
	}
	if p.Permanent || d.now.Sub(h.UnreachableSince) >= d.policy.UnreachableAfter {
		d.failStage(EventStageFailed, p, d.seed.TargetHost)
	}
}

func (d *decider) judge(st *inst.ReplicaState) {
	h, es := d.host(agentapi.Target), &d.seed.Engine
	if !h.UnreachableSince.IsZero() {
		h.UnreachableSince = time.Time{}
		d.row(d.seed.TargetHost, agentapi.Running, "The replica can be looked at again")
	}
	j := inst.Gate(*st, es.Gate, d.now, inst.GatePolicy{Threshold: d.policy.LagThreshold, CatchUp: d.policy.CatchUp})
	if es.Gate != j.Memory || es.Lag != st.LagSeconds {
		es.Gate, es.Lag = j.Memory, st.LagSeconds
		d.out.Changed = true
	}
	if es.LagFirstAt.IsZero() && st.LagSeconds > 0 {
		es.LagFirst, es.LagFirstAt = st.LagSeconds, d.now
	}
	switch j.Verdict {
	case inst.GatePassed:
		d.row(d.seed.TargetHost, agentapi.Completed, fmt.Sprintf("Replication runs, %d s behind", st.LagSeconds))
		d.completeStage()
	case inst.GateWaiting:
		d.caughtUp(st, j.Text)
	default:
		d.failStage(EventStageFailed, Problem{
			Code: j.Code, Text: fmt.Sprintf("replica on %s: %s", d.seed.TargetHost, j.Text), Hint: j.Hint,
			Permanent: j.Verdict == inst.GatePermanent,
		}, d.seed.TargetHost)
	}
}

// caughtUp shows how far a waiting replica is; a row is written when the words change, not with every second of lag.
func (d *decider) caughtUp(st *inst.ReplicaState, text string) {
	key := text
	if st.IORunning && st.SQLRunning {
		key = "catching up"
	}
	if h := d.host(agentapi.Target); h.Details != key {
		h.Details = key
		d.row(d.seed.TargetHost, agentapi.Running, text)
	}
}
