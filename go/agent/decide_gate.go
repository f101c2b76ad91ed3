package agent

import (
	"fmt"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
)

// connectPatience is how long replication may take to get both threads running.
const connectPatience = time.Minute

// gate is step 6 of ConnectSlave: both threads run, no error, and the lag is below the threshold; while it keeps falling
// there is time until the catch-up is over.
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
	if d.now.Sub(h.UnreachableSince) >= d.policy.UnreachableAfter {
		d.failStage(EventStageFailed, p, d.seed.TargetHost)
	}
}

func (d *decider) judge(st *inst.ReplicaState) {
	h, es := d.host(agentapi.Target), &d.seed.Engine
	if p := replicaProblem(st); p != nil {
		d.failStage(EventStageFailed, *p, d.seed.TargetHost)
		return
	}
	if !st.IORunning || !st.SQLRunning {
		d.notRunning(st)
		return
	}
	if !h.UnreachableSince.IsZero() {
		h.UnreachableSince = time.Time{}
		d.out.Changed = true
	}
	if lag := st.LagSeconds; lag >= 0 && lag < int64(d.policy.LagThreshold/time.Second) {
		es.Lag = lag
		d.row(d.seed.TargetHost, agentapi.Completed, fmt.Sprintf("Replication runs, %d s behind", lag))
		d.completeStage()
		return
	} else if lag != es.Lag {
		if lag >= 0 && (es.Lag < 0 || lag < es.Lag) {
			es.LagFellAt = d.now
		}
		es.Lag = lag
		d.out.Changed = true
		if h.Details != "catching up" {
			h.Details = "catching up"
			d.row(d.seed.TargetHost, agentapi.Running, fmt.Sprintf("Replication runs and catches up, %d s behind", lag))
		}
	}
	if d.now.Sub(es.LagFellAt) < d.policy.CatchUp {
		return
	}
	d.failStage(EventStageFailed, Problem{
		Code: CodeLag,
		Text: fmt.Sprintf("the replica on %s is %d s behind, and that has not become less for SeedCatchUpMinutes (%d minutes)", d.seed.TargetHost, st.LagSeconds, int(d.policy.CatchUp.Minutes())),
		Hint: "the replica applies more slowly than its source writes: lessen the load, or raise SeedReplicaLagThresholdSeconds",
	}, d.seed.TargetHost)
}

// notRunning waits for the threads, and fails when an error stands or patience is over.
func (d *decider) notRunning(st *inst.ReplicaState) {
	h := d.host(agentapi.Target)
	text := fmt.Sprintf("Replication threads: IO %s, SQL running %t", st.IOState, st.SQLRunning)
	if st.LastIOError != "" {
		text += ": " + st.LastIOError
	}
	if h.Details != text {
		h.Details = text
		d.row(d.seed.TargetHost, agentapi.Running, text)
	}
	if h.UnreachableSince.IsZero() {
		h.UnreachableSince = d.now
		d.out.Changed = true
	}
	if d.now.Sub(h.UnreachableSince) < connectPatience {
		return
	}
	d.failStage(EventStageFailed, Problem{
		Code: CodeReplication, Text: fmt.Sprintf("replication on %s has not run for %s. %s", d.seed.TargetHost, connectPatience, text),
		Hint: fmt.Sprintf("see whether %s can reach %s and log in there with the replication account", d.seed.TargetHost, d.seed.SourceHost),
	}, d.seed.TargetHost)
}
