package agent

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// running judges the answers to the polls of a stage.
func (d *decider) running() {
	if d.seed.Stage == agentapi.ConnectSlave {
		d.gate()
		return
	}
	var problems []stageProblem
	for _, side := range Participants(d.before) {
		r, asked := d.obs.Reports[side]
		if !asked {
			continue
		}
		if p := d.report(side, r); p != nil {
			problems = append(problems, stageProblem{side, *p})
		}
	}
	d.limits()
	if len(problems) > 0 {
		d.judgeProblems(problems)
		return
	}
	if d.allCompleted() {
		d.completeStage()
		return
	}
	d.judgeProgress()
}

// report takes in what one agent said of the running stage; the problem is one that ends the stage.
func (d *decider) report(side Side, r Report) *Problem {
	h, name := d.host(side), d.seed.Host(side)
	switch r.Answer {
	case AnswerState:
		if !h.UnreachableSince.IsZero() {
			h.UnreachableSince = time.Time{}
			d.row(name, agentapi.Running, "Agent answers again")
		}
		return d.state(side, r.State)
	case AnswerUnknownSeed:
		h.Stage = agentapi.Error
		return &Problem{
			Code: CodeAgentForgot,
			Text: fmt.Sprintf("the agent on %s does not know seed %d any more: it lost its state", name, d.seed.ID),
			Hint: "look at the agent's log for a restart with an empty state directory",
		}
	case AnswerUnreachable, AnswerRefused:
		return d.unreachable(side, r)
	}
	return nil
}

// state takes in a stage's state.
func (d *decider) state(side Side, st *agentapi.SeedStageState) *Problem {
	h, name := d.host(side), d.seed.Host(side)
	if st.Attempt != 0 && st.Attempt < d.seed.Attempt {
		h.Stage = agentapi.Error
		return &Problem{
			Code: CodeAgentForgot,
			Text: fmt.Sprintf("the agent on %s knows of attempt %d only, not of attempt %d that it had accepted", name, st.Attempt, d.seed.Attempt),
			Hint: "look at the agent's log for a restart, and whether its state directory was restored from a backup",
		}
	}
	said := d.said(h, name, st)
	if st.Status != h.Stage || st.Details != h.Details {
		h.Details = st.Details
		if said != st.Details && st.Status != agentapi.Error { // an error is written with its hint when the stage fails
			d.row(name, st.Status, st.Details)
		}
	}
	if d.measures(side) && st.Progress != nil {
		d.progress(d.toCome(*st.Progress))
	}
	if side == agentapi.Target {
		d.oldData(st.Status, st.OldData, st.OldDataAt)
	}
	h.Stage = st.Status
	if st.Status != agentapi.Error {
		return nil
	}
	code := st.ErrorCode
	if code == "" {
		code = CodeStageFailed
	}
	return &Problem{Code: code, Text: fmt.Sprintf("%s on %s: %s", d.seed.Stage, name, st.Details), Hint: st.Hint, Permanent: st.Permanent}
}

// said writes what the agent has said of the stage since the last poll, and returns the last of it.
func (d *decider) said(h *HostState, name string, st *agentapi.SeedStageState) (last string) {
	lines := st.Said
	if i := slices.Index(lines, h.LastSaid); i >= 0 {
		lines = lines[i+1:]
	}
	for _, line := range lines {
		h.LastSaid = line
		_, last, _ = strings.Cut(line, " ") // the time it was said goes before
		d.row(name, agentapi.Running, last)
	}
	return last
}

// unreachable: a poll that fails is not a stage that failed, until it has failed for too long.
func (d *decider) unreachable(side Side, r Report) *Problem {
	h, name := d.host(side), d.seed.Host(side)
	if h.UnreachableSince.IsZero() {
		h.UnreachableSince = d.now
		d.row(name, agentapi.Running, "Agent gives no proper answer: "+r.Problem.Text)
	}
	away := d.now.Sub(h.UnreachableSince)
	if away < d.policy.UnreachableAfter {
		return nil
	}
	return &Problem{
		Code: CodeAgentUnreachable,
		Text: fmt.Sprintf("the agent on %s has given no proper answer for %s: %s", name, away.Round(time.Second), r.Problem.Text),
		Hint: fmt.Sprintf("start orchestrator-agent on %s, or see why it can't be reached from here", name),
	}
}

func (d *decider) allCompleted() bool {
	for _, side := range Participants(d.before) {
		if d.host(side).Stage != agentapi.Completed {
			return false
		}
	}
	return true
}

// completeStage moves on to the next stage, or to the end.
func (d *decider) completeStage() {
	stage := d.seed.Stage
	if stage == agentapi.Cleanup {
		d.postSeed()
	}
	d.seed.Problem = Problem{}
	if d.seed.Engine.Took == nil {
		d.seed.Engine.Took = map[Stage]float64{}
	}
	d.seed.Engine.Took[stage] = d.now.Sub(d.seed.Engine.StageStartedAt).Seconds()
	if stage != agentapi.Prepare || !d.seed.Engine.PrepareAgain {
		d.seed.Retries, d.seed.Engine.MySQLAwaySince = 0, time.Time{}
	}
	if stage == agentapi.Backup {
		d.seed.Engine.PrepareAgain = false
	}
	d.move(EventStageCompleted)
	if d.seed.Status == agentapi.Completed {
		d.row(d.seed.TargetHost, agentapi.Completed, "Seed completed")
	}
}

// postSeed records how the post-seed commands went; their failure does not fail the seed.
func (d *decider) postSeed() {
	for _, side := range agentapi.Sides {
		r := d.obs.Reports[side].PostSeed
		if r == nil {
			continue
		}
		if r.Failed {
			d.row(d.seed.Host(side), agentapi.Error, "post-seed-command failed: "+r.Output)
		} else {
			d.row(d.seed.Host(side), agentapi.Completed, "post-seed-command: "+r.Output)
		}
	}
}
