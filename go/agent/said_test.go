package agent

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

func TestEveryLineThatAnAgentSaidIsWrittenOnce(t *testing.T) {
	now := time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC)
	s := &Seed{ID: 1, TargetHost: "tgt1", SourceHost: "src1", BackupSide: agentapi.Target, Stage: agentapi.Backup, Status: agentapi.Running, Attempt: 2,
		Engine: EngineState{StageStartedAt: now, Progress: Progress{MovedAt: now}, Hosts: map[Side]*HostState{agentapi.Target: {Stage: agentapi.Running}}}}
	var texts []string
	for _, poll := range []struct {
		said    []string
		details string
	}{
		{[]string{"t1 dumping", "t2 locked"}, "locked"},
		{[]string{"t1 dumping", "t2 locked"}, "locked"},
		{[]string{"t2 locked", "t3 dumped", "t4 dumped"}, "dumped"}, // the agent keeps the newest only
	} {
		st := &agentapi.SeedStageState{SeedID: 1, Stage: agentapi.Backup, Status: agentapi.Running, Attempt: 2, Details: poll.details, Said: poll.said}
		d, err := Decide(s, Observation{Reports: map[Side]Report{agentapi.Target: {Answer: AnswerState, State: st}}}, now, DefaultPolicy())
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range d.Rows {
			texts = append(texts, row.Details)
		}
		s = &d.Seed
	}
	if diff := cmp.Diff([]string{"dumping", "locked", "dumped", "dumped"}, texts); diff != "" {
		t.Error(diff)
	}
}
