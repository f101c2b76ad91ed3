package agent

import (
	"fmt"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// progress takes in a stage's byte count, and keeps a rate that follows the last minute or so.
func (d *decider) progress(now agentapi.Progress) {
	p := &d.seed.Engine.Progress
	if now.Bytes == p.Bytes && now.Total == p.Total && now.What == p.What {
		return
	}
	d.out.Changed = true
	if now.Unit != p.Unit { // the stage has begun to count something else
		p.Bytes, p.Rate, p.MovedAt = 0, 0, d.now
	}
	p.Total, p.What, p.Unit = now.Total, now.What, now.Unit
	since := d.now.Sub(p.SeenAt)
	if grown := now.Bytes - p.Bytes; grown > 0 {
		p.MovedAt = d.now
		if since > 0 {
			p.Rate = smooth(p.Rate, float64(grown)/since.Seconds(), since, d.now.Sub(d.seed.Engine.StageStartedAt))
		}
		p.Bytes = now.Bytes
	}
	p.SeenAt = d.now
}

// smooth is an average that forgets: of all that was seen in the first 20 seconds, later with two thirds of its weight on
// the last 20.
func smooth(old int64, now float64, took, running time.Duration) int64 {
	memory := min(20*time.Second, running-took)
	weight := took.Seconds() / (took + max(0, memory)).Seconds()
	return int64(float64(old)*(1-weight) + now*weight)
}

// judgeProgress ends a copy that has stood still for too long.
func (d *decider) judgeProgress() {
	var verb string
	switch d.seed.Stage {
	case agentapi.Backup:
		verb = "copied"
	case agentapi.Restore:
		verb = "restored"
	default:
		d.judgeStillness()
		return
	}
	if d.now.Sub(d.seed.Engine.Progress.MovedAt) < d.policy.StaleAfter {
		return
	}
	d.stop(Problem{
		Code: CodeNoProgress,
		Text: fmt.Sprintf("No data %s in SeedBackupStaleFailMinutes interval (%d minutes). Aborting seed", verb, int(d.policy.StaleAfter.Minutes())),
		Hint: "look at the tool's output in the seed's states, and at locks and disk space on both hosts",
	})
}

// judgeStillness ends a Prepare or a Cleanup that does not end: they move no bytes, so time itself is the measure.
func (d *decider) judgeStillness() {
	took := d.now.Sub(d.seed.Engine.StageStartedAt)
	if took < d.policy.StaleAfter {
		return
	}
	d.stop(Problem{
		Code: CodeNoProgress,
		Text: fmt.Sprintf("%s has not ended within SeedBackupStaleFailMinutes (%d minutes). Aborting seed", d.seed.Stage, int(d.policy.StaleAfter.Minutes())),
		Hint: "look at the agents' logs: what are they waiting for?",
	})
}

// stop fails the stage and has whatever still runs for it aborted.
func (d *decider) stop(p Problem) {
	for _, side := range Participants(d.before) {
		if d.host(side).Stage == agentapi.Running {
			d.out.Abort = append(d.out.Abort, side)
		}
	}
	d.failStage(EventStageFailed, p, d.seed.TargetHost)
}
