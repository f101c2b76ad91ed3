package agent

import (
	"fmt"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
)

// failedStage decides between a retry and the end.
func (d *decider) failedStage() {
	d.lastWords()
	away := d.mysqlAway()
	if d.seed.Problem.Permanent || d.seed.Retries >= d.policy.MaxRetries && !away {
		d.giveUp()
		return
	}
	if !d.due() {
		return
	}
	for _, side := range agentapi.Sides {
		if r, asked := d.obs.Reports[side]; asked && r.Answer == AnswerStillRunning {
			d.wait(side)
			return
		}
	}
	if d.seed.Stage == agentapi.Backup {
		d.seed.Engine.PrepareAgain = true
	}
	text := "Tried again because MySQL did not answer; no retry is used up"
	if !away {
		d.seed.Retries++
		text = fmt.Sprintf("Retry %d of %d", d.seed.Retries, d.policy.MaxRetries)
	}
	d.row(d.seed.TargetHost, agentapi.Scheduled, text)
	d.move(EventRetry)
}

// mysqlAway says whether the stage failed because a MySQL did not answer, which no retry is used up for: a server that is being
// restarted would outlast them. As with an agent this is so for UnreachableAfter since the first such failure.
func (d *decider) mysqlAway() bool {
	since := d.seed.Engine.MySQLAwaySince
	return d.policy.MaxRetries > 0 && !since.IsZero() && d.now.Sub(since) < d.policy.UnreachableAfter
}

// noteMySQLAway keeps since when stages have failed because of that, and nothing else.
func (d *decider) noteMySQLAway(p Problem) {
	es := &d.seed.Engine
	if p.Code != inst.CodeUnreachable || p.Permanent {
		es.MySQLAwaySince = time.Time{}
	} else if es.MySQLAwaySince.IsZero() {
		es.MySQLAwaySince = d.now
	}
}

// retryWait is how long the next try waits: the longer a MySQL has been away, the longer.
func (d *decider) retryWait() time.Duration {
	if d.mysqlAway() {
		return max(d.policy.Interval, d.now.Sub(d.seed.Engine.MySQLAwaySince)/2)
	}
	return d.policy.retryWait(d.seed.Retries)
}

func (d *decider) due() bool { return d.obs.Due || !d.now.Before(d.seed.NotBefore) }

func (d *decider) giveUp() {
	text := fmt.Sprintf("Given up after %d retries", d.seed.Retries)
	if d.seed.Problem.Permanent {
		text = "Given up: trying again cannot help"
	}
	d.row(d.seed.TargetHost, agentapi.Failed, text+". "+d.seed.Problem.Text)
	d.move(EventGivenUp)
}

// wait puts the retry off because one agent can't abort what it runs (agents of others end a dump only by themselves); not
// for longer than a stage may stand still.
func (d *decider) wait(side Side) {
	es := &d.seed.Engine
	if es.WaitingSince.IsZero() {
		es.WaitingSince = d.now
		d.row(d.seed.Host(side), agentapi.Error, "Retry waits: the agent cannot abort what it still runs")
	}
	if d.now.Sub(es.WaitingSince) >= d.policy.StaleAfter {
		d.seed.Problem = Problem{
			Code:      CodeNoProgress,
			Text:      fmt.Sprintf("the agent on %s could not abort %s within %d minutes", d.seed.Host(side), d.seed.Stage, int(d.policy.StaleAfter.Minutes())),
			Hint:      fmt.Sprintf("end what it runs on %s by hand, then start a new seed", d.seed.Host(side)),
			Permanent: true,
		}
		d.giveUp()
		return
	}
	d.seed.NotBefore = d.now.Add(d.policy.Interval)
	d.out.Changed = true
}

// aborting judges the answers to an abort.
func (d *decider) aborting() {
	confirmed := true
	for _, side := range agentapi.Sides {
		r, asked := d.obs.Reports[side]
		if !asked || r.Answer == AnswerDone || r.Answer == AnswerUnknownSeed {
			continue
		}
		confirmed = false
		h := d.host(side)
		if h.Details != r.Problem.Text {
			h.Details = r.Problem.Text
			d.row(d.seed.Host(side), agentapi.Aborting, "Not aborted yet: "+r.Problem.Text)
		}
	}
	if r := d.obs.Replication; r != nil && r.Problem != nil {
		confirmed = false
		if es := &d.seed.Engine; es.WaitingSince.IsZero() {
			es.WaitingSince = d.now
			d.row(d.seed.TargetHost, agentapi.Aborting, "Replication not taken away yet: "+r.Problem.Text)
		}
	}
	if !confirmed && !d.seed.Engine.AbortForced {
		return
	}
	d.seed.Problem = Problem{Code: CodeAborted, Text: "Aborted by " + d.abortedBy(), Permanent: true}
	if !confirmed {
		d.seed.Problem.Text += ", without an answer from every agent"
		d.seed.Problem.Hint = "see on the hosts that did not answer whether tools of the seed still run"
		d.move(EventAbortForced)
	} else {
		d.move(EventAbortConfirmed)
	}
	d.row(d.seed.TargetHost, agentapi.Failed, d.seed.Problem.Text)
}

func (d *decider) abortedBy() string {
	if by := d.seed.Engine.AbortedBy; by != "" {
		return by
	}
	return "a person"
}

// releasing judges the answers of agents that were asked to let go of a failed seed.
func (d *decider) releasing() {
	es := &d.seed.Engine
	held := !es.HeldUntil.IsZero() && d.now.Before(es.HeldUntil)
	for _, side := range agentapi.Sides {
		h, name := d.host(side), d.seed.Host(side)
		if h.Release == ReleaseHeld && !held {
			h.Release = ReleasePending
			es.ReleaseUntil = d.now.Add(d.policy.GiveUpRelease)
			d.out.Changed = true
		}
		r, asked := d.obs.Reports[side]
		if h.Release != ReleasePending || !asked {
			continue
		}
		switch {
		case r.Answer == AnswerDone || r.Answer == AnswerUnknownSeed:
			h.Release, h.ReleaseError = ReleaseDone, ""
			d.row(name, agentapi.Failed, "Released")
			if side == agentapi.Target && r.OldData != "" {
				d.oldData(agentapi.Failed, r.OldData, "")
			}
		case !d.now.Before(es.ReleaseUntil):
			h.Release, h.ReleaseError = ReleaseGivenUp, r.Problem.Text
			d.row(name, agentapi.Failed, "Release given up: "+r.Problem.Text)
		case h.ReleaseError != r.Problem.Text:
			h.ReleaseError = r.Problem.Text
			d.row(name, agentapi.Failed, "Not released yet: "+r.Problem.Text)
		}
	}
	if !held && !es.HeldUntil.IsZero() {
		es.HeldUntil = time.Time{}
		d.out.Changed = true
	}
}
