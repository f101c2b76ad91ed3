package agent

import (
	"fmt"
	"maps"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
)

// Decision is what one step will record, and what it will do after that is stored.
type Decision struct {
	// Moved: the seed changed stage or status by a line of the transition table.
	Moved bool
	Event Event
	// Changed: there is something to write, be it only progress.
	Changed bool
	Seed    Seed
	Rows    []StageState
	Audit   []AuditEntry
	// EndDowntime: the seed has ended, the target's downtime with it.
	EndDowntime bool
	// Abort is asked of these sides once the decision is stored.
	Abort []Side
}

// Decide chooses the next step of a seed. It is pure: the same seed, observation, time and policy give the same decision,
// and it is the only place where one is made. An error is a bug: a move that the transition table does not have.
func Decide(s *Seed, obs Observation, now time.Time, p Policy) (Decision, error) {
	d := &decider{before: s, seed: s.clone(), obs: obs, now: now, policy: p}
	switch s.Status {
	case agentapi.Scheduled:
		d.scheduled()
	case agentapi.Running:
		d.running()
	case agentapi.Error:
		d.failedStage()
	case agentapi.Aborting:
		d.aborting()
	case agentapi.Failed:
		d.releasing()
	case agentapi.Completed:
	default:
		return Decision{}, fmt.Errorf("seed %d has the unknown status %q", s.ID, s.Status)
	}
	if d.err != nil {
		return Decision{}, fmt.Errorf("seed %d: %w", s.ID, d.err)
	}
	d.out.Seed = d.seed
	return d.out, nil
}

// decider holds one decision while it is made.
type decider struct {
	before *Seed
	seed   Seed
	obs    Observation
	now    time.Time
	policy Policy
	out    Decision
	audit  *AuditEntry // of a person's move, where it is not the usual one
	err    error
}

// move applies the event by the transition table, with what every move brings along.
func (d *decider) move(e Event) {
	stage, status, err := next(d.seed.Stage, d.seed.Status, e)
	if err != nil {
		d.err = err
		return
	}
	d.seed.Stage, d.seed.Status = stage, status
	d.out.Moved, d.out.Changed, d.out.Event = true, true, e
	switch status {
	case agentapi.Scheduled:
		d.beginStage()
	case agentapi.Completed:
		d.end("completed")
	case agentapi.Failed:
		d.fail()
	}
	text := fmt.Sprintf("seed %d: %s/%s -> %s/%s: %s", d.seed.ID, d.before.Stage, d.before.Status, stage, status, e)
	if d.seed.Problem.Text != "" && (status == agentapi.Error || status == agentapi.Failed) {
		text += ": " + d.seed.Problem.Text
	}
	d.out.Audit = append(d.out.Audit, AuditEntry{At: d.now, Type: "seed-transition", Host: d.seed.TargetHost, Message: text})
}

// beginStage makes the row announce a new start: a new attempt, nothing known of the agents yet.
func (d *decider) beginStage() {
	d.seed.Attempt++
	d.seed.NotBefore = time.Time{}
	d.seed.Outcome = ""
	d.seed.EndedAt = time.Time{}
	es := &d.seed.Engine
	es.StageStartedAt = d.now
	if d.seed.Stage == agentapi.Prepare {
		es.PrepareAttempt = d.seed.Attempt
	}
	es.PeerBlamedAt = time.Time{}
	es.LagFirst, es.LagFirstAt = -1, time.Time{}
	es.Progress = Progress{MovedAt: d.now, SeenAt: d.now}
	es.Hosts = map[Side]*HostState{agentapi.Target: {}, agentapi.Source: {}}
	es.HeldUntil, es.ReleaseUntil = time.Time{}, time.Time{}
	es.Lag, es.Gate, es.WaitingSince = -1, inst.GateMemory{}, time.Time{}
}

func (d *decider) end(outcome string) {
	d.seed.EndedAt = d.now
	d.seed.Outcome = outcome
	d.seed.NotBefore = time.Time{}
	d.seed.Engine.StreamKey = nil // no retry of an ended seed goes back to where a stream is opened
	d.out.EndDowntime = true
}

// fail ends the seed and says what becomes of what it holds on the agents.
func (d *decider) fail() {
	release := ReleasePending
	outcome := "aborted"
	if d.seed.Engine.AbortedBy == "" {
		outcome = "failed"
		if holds(d.seed.Stage) && d.policy.HoldFailed > 0 {
			release = ReleaseHeld
			d.seed.Engine.HeldUntil = d.now.Add(d.policy.HoldFailed)
		}
	}
	d.end(outcome)
	d.seed.Engine.ReleaseUntil = d.now.Add(d.policy.GiveUpRelease)
	for _, side := range agentapi.Sides {
		h := d.host(side)
		h.Release, h.ReleaseError = release, ""
	}
}

// holds says whether a seed that fails in the stage is kept for agent-retry-seed: hours of copying are there by then.
func holds(stage Stage) bool {
	return stage == agentapi.Restore || stage == agentapi.ConnectSlave || stage == agentapi.Cleanup
}

// failStage records a problem of the current stage and when the retry is due.
func (d *decider) failStage(e Event, p Problem, host string) {
	if p.Hint == "" {
		p.Hint = hintFor(p.Code, host)
	}
	d.seed.Problem = p
	d.move(e)
	d.seed.NotBefore = time.Time{}
	d.noteMySQLAway(p)
	if !p.Permanent && (d.seed.Retries < d.policy.MaxRetries || d.mysqlAway()) {
		d.seed.NotBefore = d.now.Add(d.retryWait())
	}
	d.row(host, agentapi.Error, withHint(p))
}

// hintFor is what to do about a problem of which the agent gave no hint; agents of others never do.
func hintFor(code, host string) string {
	switch code {
	case CodeAgentForgot:
		return fmt.Sprintf("look at the log of orchestrator-agent on %s for a restart with an empty state directory", host)
	case "agent-restarted", "host-restarted":
		return fmt.Sprintf("see in the system's log of %s why that was restarted", host)
	}
	return fmt.Sprintf("look at the log of orchestrator-agent on %s, and at MySQL's error log there", host)
}

// row adds a history row of the stage the seed was in.
func (d *decider) row(host string, status Status, text string) {
	d.out.Changed = true
	d.out.Rows = append(d.out.Rows, StageState{
		SeedID: d.seed.ID, Stage: d.before.Stage, Host: host, At: d.now, Status: status, Details: text, Attempt: d.before.Attempt, Repeats: 1,
	})
}

func (d *decider) host(side Side) *HostState {
	if d.seed.Engine.Hosts == nil {
		d.seed.Engine.Hosts = map[Side]*HostState{}
	}
	h := d.seed.Engine.Hosts[side]
	if h == nil {
		h = &HostState{}
		d.seed.Engine.Hosts[side] = h
	}
	return h
}

// clone copies the seed so deep that changing the copy leaves the original alone.
func (s *Seed) clone() Seed {
	c := *s
	c.Engine.Hosts = make(map[Side]*HostState, len(s.Engine.Hosts))
	for side, h := range s.Engine.Hosts {
		copied := *h
		c.Engine.Hosts[side] = &copied
	}
	if s.Engine.Metadata != nil {
		m := *s.Engine.Metadata
		c.Engine.Metadata = &m
	}
	if s.Engine.Bandwidth != nil {
		b := *s.Engine.Bandwidth
		c.Engine.Bandwidth = &b
	}
	c.Engine.Took = maps.Clone(s.Engine.Took)
	return c
}
