package agent

import (
	"fmt"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// StatesDoc is docs/states.md, made from the transition table; a test keeps the file equal to it.
func StatesDoc() string {
	var b strings.Builder
	b.WriteString(`# The states of a seed

This page is made from the transition table in ` + "`go/agent/transitions.go`" + ` by ` + "`go test ./go/agent -run StatesDoc -update`" + `; no other move is ever
recorded. What each stage and status means is in [how a seed goes](seed.md).

## The statuses of one stage

` + "```mermaid\nstateDiagram-v2\n    [*] --> Scheduled\n")
	seen := map[string]bool{}
	for _, m := range Moves {
		to := string(m.ToStatus)
		if m.Event == EventStageCompleted {
			to = "Completed"
		}
		line := fmt.Sprintf("    %s --> %s: %s\n", m.Status, to, m.Event)
		if !seen[line] {
			seen[line] = true
			b.WriteString(line)
		}
	}
	b.WriteString("    Completed --> [*]\n    Failed --> [*]\n```\n\n## The stages\n\n```mermaid\nflowchart LR\n")
	for _, m := range Moves {
		switch {
		case m.Event == EventStageCompleted && m.ToStatus == agentapi.Completed:
			fmt.Fprintf(&b, "    %s -- completed --> done([Completed])\n", m.Stage)
		case m.Event == EventStageCompleted:
			fmt.Fprintf(&b, "    %s -- completed --> %s\n", m.Stage, m.ToStage)
		case m.Event == EventRetry:
			fmt.Fprintf(&b, "    %s -. retry .-> %s\n", m.Stage, m.ToStage)
		}
	}
	b.WriteString("```\n\n## Every move\n\n| stage | status | event | to stage | to status |\n|---|---|---|---|---|\n")
	for _, m := range Moves {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", m.Stage, m.Status, m.Event, m.ToStage, m.ToStatus)
	}
	return b.String()
}
