package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

var historyTests = []test{
	{"RepeatedReportIsFoldedIntoOneRow", testFolding, core},
	{"ReportThatDiffersInAnythingIsItsOwnRow", testNotFolded, core},
	{"HistoryOfAnEndedSeedIsThinned", testThinning, core},
	{"HistoryIsReadSinceARow", testSince, whole},
}

// history is the seed's rows, oldest first, without IDs and times.
func history(t *testing.T, b Backend, id int64) []agent.StageState {
	t.Helper()
	states, err := b.SeedStates(t.Context(), id)
	must(t, err)
	var all []agent.StageState
	last := int64(1 << 62)
	for _, s := range states {
		if s.ID >= last || s.SeedID != id {
			t.Fatalf("row %d of seed %d after row %d", s.ID, s.SeedID, last)
		}
		last = s.ID
		s.ID, s.SeedID, s.At = 0, 0, time.Time{}
		all = append([]agent.StageState{s}, all...)
	}
	return all
}

func times(n int64, r agent.StageState) agent.StageState {
	r.Repeats, r.At = n, time.Time{}
	return r
}

func wantHistory(t *testing.T, b Backend, id int64, rows ...agent.StageState) {
	t.Helper()
	if diff := cmp.Diff(rows, history(t, b, id)); diff != "" {
		t.Fatalf("history (-want, +got):\n%s", diff)
	}
}

func testFolding(t *testing.T, b Backend) {
	s := create(t, b, "tgt", "src")
	onTarget, onSource := row("tgt", agentapi.Running, 1, "dumping"), row("src", agentapi.Running, 1, "dumping")
	s = move(t, b, s, agentapi.Running, onTarget, onSource)
	for i := range 3 { // the two hosts' reports take turns
		onTarget.At = T0.Add(time.Duration(i+1) * time.Minute)
		s = move(t, b, s, agentapi.Running, onTarget, onSource)
	}
	move(t, b, s, agentapi.Running, onTarget, onTarget)
	wantHistory(t, b, s.ID, times(6, onTarget), times(4, onSource))
	states, err := b.SeedStates(t.Context(), s.ID)
	must(t, err)
	want(t, "the row shows the last report's time", states[1].At, T0.Add(3*time.Minute).UTC())
}

func testNotFolded(t *testing.T, b Backend) {
	s := create(t, b, "tgt", "src")
	first := row("tgt", agentapi.Running, 1, "dumping")
	otherText, otherCase, otherStatus, otherAttempt := first, first, first, first
	otherText.Details = "dumping on"
	otherCase.Details = "Dumping"
	otherStatus.Status = agentapi.Error
	otherAttempt.Attempt = 2
	otherStage := first
	otherStage.Stage = agentapi.Backup
	move(t, b, s, agentapi.Running, first, otherText, otherCase, first, otherStatus, first, otherAttempt, otherStage, otherAttempt)
	wantHistory(t, b, s.ID, times(1, first), times(1, otherText), times(1, otherCase), times(1, first), times(1, otherStatus),
		times(1, first), times(2, otherAttempt), times(1, otherStage))
}

func testThinning(t *testing.T, b Backend) {
	s := create(t, b, "tgt", "src")
	one, two := row("tgt", agentapi.Running, 1, "one"), row("tgt", agentapi.Running, 1, "two")
	failed, ended := row("tgt", agentapi.Error, 1, "one"), row("node", agentapi.Failed, 1, "given up")
	other := create(t, b, "tgt2", "src2")
	move(t, b, other, agentapi.Running, one, two, one)
	s = move(t, b, s, agentapi.Running, one, two, one, one, failed, two, failed)
	move(t, b, s, agentapi.Failed, ended)
	wantHistory(t, b, s.ID, times(3, one), times(2, two), times(1, failed), times(1, failed), times(1, ended))
	wantHistory(t, b, other.ID, times(1, one), times(1, two), times(1, one))
}

func testSince(t *testing.T, b Backend) {
	s := create(t, b, "tgt", "src")
	s = move(t, b, s, agentapi.Running, row("tgt", agentapi.Running, 1, "a"), row("tgt", agentapi.Running, 1, "b"))
	first, err := b.SeedStatesSince(t.Context(), 0, 1)
	must(t, err)
	want(t, "first", first[0].Details, "a")
	want(t, "seed", first[0].SeedID, s.ID)
	rest, err := b.SeedStatesSince(t.Context(), first[0].ID, 0)
	must(t, err)
	want(t, "rest", len(rest), 1)
	want(t, "second", rest[0].Details, "b")
	last, err := b.LastStateID(t.Context())
	must(t, err)
	want(t, "newest", last, rest[0].ID)
	none, err := b.SeedStatesSince(t.Context(), rest[0].ID, 10)
	must(t, err)
	want(t, "none", len(none), 0)
}
