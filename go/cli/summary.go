package cli

import (
	"fmt"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

// summary says how a seed ended, how long each stage took, and what to do now.
func summary(p *page, s seedapi.Seed, states []seedapi.SeedStageState) {
	took := seedTook(s, p)
	switch {
	case s.Status == agentapi.Completed:
		p.line(green, fmt.Sprintf("seed %d Completed in %s: %s is a replica of %s", s.SeedID, took, s.TargetHostname, s.SourceHostname))
	case s.ErrorCode == codeAborted:
		p.line(yellow, fmt.Sprintf("seed %d was aborted in %s after %s", s.SeedID, s.Stage, took))
	default:
		p.line(red, fmt.Sprintf("seed %d Failed in %s after %s", s.SeedID, s.Stage, took))
	}
	if s.Status != agentapi.Completed {
		if s.ErrorText != "" {
			p.line(normal, "  "+s.ErrorText)
		}
		if s.Hint != "" {
			p.line(normal, "  "+s.Hint)
		}
		if s.Held {
			p.line(normal, fmt.Sprintf("  what was copied is held for another %s; go on with: orchestrator-seed agent-retry-seed %d --wait", p.left(s.HeldUntil), s.SeedID))
			p.line(normal, fmt.Sprintf("  or let go of it with: orchestrator-seed agent-release-seed %d", s.SeedID))
		}
	}
	var rows [][]string
	for _, st := range stageTimes(s, states) {
		rows = append(rows, []string{string(st.stage), formatDuration(st.took)})
	}
	if len(rows) > 0 {
		p.table([]string{"stage", ">took"}, rows)
	}
}

type stageTime struct {
	stage agentapi.Stage
	took  time.Duration
}

// stageTimes adds up how long a seed was in each stage, in the stages' order. states come newest first; the time between
// a failure and a person's retry counts for none.
func stageTimes(s seedapi.Seed, states []seedapi.SeedStageState) []stageTime {
	sum := map[agentapi.Stage]time.Duration{}
	seen := map[agentapi.Stage]bool{}
	for i := len(states) - 1; i >= 0; i-- {
		st := states[i]
		seen[st.Stage] = true
		if st.Status == agentapi.Failed {
			continue
		}
		end := s.EndTimestamp
		if i > 0 {
			end = states[i-1].Timestamp
		}
		if end.After(st.Timestamp) {
			sum[st.Stage] += end.Sub(st.Timestamp)
		}
	}
	var out []stageTime
	for _, stage := range agentapi.Stages {
		if seen[stage] {
			out = append(out, stageTime{stage, sum[stage]})
		}
	}
	return out
}
