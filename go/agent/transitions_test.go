package agent

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

var update = flag.Bool("update", false, "write docs/states.md")

func TestStatesDocIsTheTransitionTable(t *testing.T) {
	const path = "../../docs/states.md"
	if *update {
		if err := os.WriteFile(path, []byte(StatesDoc()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(StatesDoc(), string(have)); diff != "" {
		t.Fatalf("docs/states.md is not what the table says; run: go test ./go/agent -run StatesDoc -update\n%s", diff)
	}
}

type place struct {
	stage  Stage
	status Status
}

func TestEveryLiveStateCanReachAnEndWithoutAPerson(t *testing.T) {
	byPerson := map[Event]bool{EventAbortAsked: true, EventAbortForced: true, EventRetryAsked: true}
	for _, m := range Moves {
		if !reachesEnd(place{m.Stage, m.Status}, byPerson, map[place]bool{}) {
			t.Errorf("%s/%s cannot end by itself", m.Stage, m.Status)
		}
	}
}

func reachesEnd(p place, without map[Event]bool, seen map[place]bool) bool {
	if p.status == agentapi.Completed || p.status == agentapi.Failed {
		return true
	}
	if seen[p] {
		return false
	}
	seen[p] = true
	for _, m := range Moves {
		if m.Stage == p.stage && m.Status == p.status && !without[m.Event] && reachesEnd(place{m.ToStage, m.ToStatus}, without, seen) {
			return true
		}
	}
	return false
}

func TestEveryLiveStateCanBeAborted(t *testing.T) {
	for _, stage := range agentapi.Stages {
		for _, status := range []Status{agentapi.Scheduled, agentapi.Running, agentapi.Error} {
			if _, to, err := next(stage, status, EventAbortAsked); err != nil || to != agentapi.Aborting {
				t.Errorf("%s/%s: abort leads to %q, %v", stage, status, to, err)
			}
		}
		if _, to, err := next(stage, agentapi.Aborting, EventAbortForced); err != nil || to != agentapi.Failed {
			t.Errorf("%s/Aborting: force leads to %q, %v", stage, to, err)
		}
	}
}

func TestNothingLeavesCompletedAndOnlyAPersonLeavesFailed(t *testing.T) {
	for _, m := range Moves {
		if m.Status == agentapi.Completed {
			t.Errorf("%+v leaves Completed", m)
		}
		if m.Status == agentapi.Failed && (m.Event != EventRetryAsked || !holds(m.Stage)) {
			t.Errorf("%+v leaves Failed", m)
		}
	}
}

func TestTableHasNoTwoWaysForOneEvent(t *testing.T) {
	type key struct {
		place
		event Event
	}
	seen := map[key]bool{}
	for _, m := range Moves {
		k := key{place{m.Stage, m.Status}, m.Event}
		if seen[k] {
			t.Errorf("%v stands twice", k)
		}
		seen[k] = true
	}
}
