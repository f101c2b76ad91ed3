package agent

import (
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// scheduled judges the answers to the start of a stage: all accepted, or an error.
func (d *decider) scheduled() {
	if d.seed.Stage == agentapi.ConnectSlave {
		d.connected()
		return
	}
	var failed *Report
	var failedSide Side
	for _, side := range Participants(d.before) {
		r, asked := d.obs.Reports[side]
		switch {
		case asked && r.Answer == AnswerAccepted:
			d.host(side).Stage = agentapi.Running
			d.row(d.seed.Host(side), agentapi.Running, "Started")
		case failed == nil:
			failed, failedSide = &r, side
		}
	}
	if failed == nil {
		d.seed.Engine.Progress.MovedAt = d.now
		d.move(EventAccepted)
		return
	}
	d.failStage(EventStartFailed, failed.Problem, d.seed.Host(failedSide))
}

// connected judges steps 1 to 5 of ConnectSlave.
func (d *decider) connected() {
	r := d.obs.Replication
	if r == nil {
		return
	}
	if r.Metadata != nil {
		d.seed.Engine.Metadata = r.Metadata
	}
	for _, step := range r.Steps {
		d.row(d.seed.TargetHost, agentapi.Running, step)
	}
	if r.Problem != nil {
		d.failStage(EventStartFailed, *r.Problem, d.seed.TargetHost)
		return
	}
	d.move(EventAccepted)
}
