package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

var refusalTests = []test{
	{"SeedInTheWayRefusesAnotherAndIsNamed", testInTheWay, core},
	{"LimitsOfActiveSeedsHold", testLimits, core},
	{"EndedSeedIsNotInTheWay", testEndedNotInTheWay, core},
	{"EndedSeedIsNotTakenUpAgainWhileItsHostIsTaken", testRevive, core},
	{"DowntimeLastsAsLongAsTheSeed", testDowntime, whole},
	{"DowntimeOfOthersIsLeftAlone", testForeignDowntime, whole},
}

func testInTheWay(t *testing.T, b Backend) {
	first := create(t, b, "tgt", "src")
	for what, hosts := range map[string][2]string{
		"the target again":         {"tgt", "other"},
		"the source as a target":   {"src", "other"},
		"the target as a source":   {"other", "tgt"},
		"the same seed once more":  {"tgt", "src"},
		"the same, the other way":  {"src", "tgt"},
		"its source while in used": {"src", "src2"},
	} {
		_, err := b.CreateSeed(t.Context(), agent.Fence{}, NewSeed(hosts[0], hosts[1]), nil, line("agent-seed"), nil, 0, 0)
		wantErr(t, err, agent.ErrRefused)
		var op *agent.OpError
		if !errors.As(err, &op) || op.Hint == "" || !strings.Contains(err.Error(), fmt.Sprintf("seed %d", first.ID)) {
			t.Fatalf("%s: refused with %v", what, err)
		}
	}
	wantUnchanged(t, b, first)
	create(t, b, "tgt2", "src") // two may read one source when nothing limits it
}

func testLimits(t *testing.T, b Backend) {
	try := func(target, source string, maxActive, maxPerSource int) error {
		_, err := b.CreateSeed(t.Context(), agent.Fence{}, NewSeed(target, source), nil, line("agent-seed"), nil, maxActive, maxPerSource)
		return err
	}
	must(t, try("t1", "s1", 0, 1))
	wantErr(t, try("t2", "s1", 0, 1), agent.ErrRefused)
	must(t, try("t2", "s1", 0, 2))
	wantErr(t, try("t3", "s3", 2, 1), agent.ErrRefused)
	must(t, try("t3", "s3", 3, 1))
}

func testEndedNotInTheWay(t *testing.T, b Backend) {
	move(t, b, create(t, b, "tgt", "src"), agentapi.Completed)
	s := create(t, b, "tgt", "src")
	s.Engine.Hosts[agentapi.Target] = &agent.HostState{Release: agent.ReleaseHeld}
	move(t, b, s, agentapi.Failed) // held; letting go of it first is the engine's business
	create(t, b, "tgt", "src")
}

func testRevive(t *testing.T, b Backend) {
	held := move(t, b, create(t, b, "tgt", "src"), agentapi.Failed)
	other := create(t, b, "tgt", "src2")
	next := *held
	next.Status = agentapi.Scheduled
	_, err := b.Transition(t.Context(), agent.Fence{}, agent.Transition{Seed: next})
	wantErr(t, err, agent.ErrRefused)
	if !strings.Contains(err.Error(), fmt.Sprintf("seed %d", other.ID)) {
		t.Fatalf("refused with %v", err)
	}
	move(t, b, other, agentapi.Failed)
	again := move(t, b, held, agentapi.Scheduled)
	want(t, "version", again.Version, held.Version+1)
	_, err = b.Transition(t.Context(), agent.Fence{}, agent.Transition{Seed: next})
	wantErr(t, err, agent.ErrConflict)
}

func ourDowntime(host string) *agent.Downtime {
	return &agent.Downtime{Host: host, Port: 3306, Owner: "orchestrator-agent", Reason: "seed-in-process", Begin: T0.UTC(), End: T0.UTC().Add(96 * time.Hour)}
}

func testDowntime(t *testing.T, b Backend) {
	s, err := b.CreateSeed(t.Context(), agent.Fence{}, NewSeed("tgt", "src"), nil, line("agent-seed"), ourDowntime("tgt"), 0, 0)
	must(t, err)
	d, err := b.Downtime(t.Context(), "tgt", 3306)
	must(t, err)
	want(t, "downtime", *d, *ourDowntime("tgt"))
	s = move(t, b, s, agentapi.Running)
	_, err = b.Downtime(t.Context(), "tgt", 3306)
	must(t, err)
	s.Status = agentapi.Failed
	_, err = b.Transition(t.Context(), agent.Fence{}, agent.Transition{Seed: *s, EndDowntime: true})
	must(t, err)
	_, err = b.Downtime(t.Context(), "tgt", 3306)
	wantErr(t, err, agent.ErrNotFound)

	failed, err := b.Seed(t.Context(), s.ID) // taken up again
	must(t, err)
	failed.Status = agentapi.Scheduled
	_, err = b.Transition(t.Context(), agent.Fence{}, agent.Transition{Seed: *failed, BeginDowntime: ourDowntime("tgt")})
	must(t, err)
	d, err = b.Downtime(t.Context(), "tgt", 3306)
	must(t, err)
	want(t, "downtime", *d, *ourDowntime("tgt"))
	later := ourDowntime("tgt")
	later.End = later.End.Add(time.Hour)
	failed.Version++
	_, err = b.Transition(t.Context(), agent.Fence{}, agent.Transition{Seed: *failed, BeginDowntime: later})
	must(t, err)
	d, err = b.Downtime(t.Context(), "tgt", 3306)
	must(t, err)
	want(t, "prolonged downtime", *d, *later)
}

func testForeignDowntime(t *testing.T, b Backend) {
	longer := ourDowntime("tgt")
	longer.Owner, longer.Reason, longer.End = "alice", "moving the rack", longer.End.Add(time.Hour)
	enter := func(d *agent.Downtime) {
		s, err := b.CreateSeed(t.Context(), agent.Fence{}, NewSeed("tgt", "src"), nil, line("agent-seed"), d, 0, 0)
		must(t, err)
		s.Status = agentapi.Failed
		_, err = b.Transition(t.Context(), agent.Fence{}, agent.Transition{Seed: *s, EndDowntime: true})
		must(t, err)
	}
	enter(longer)
	enter(ourDowntime("tgt"))
	d, err := b.Downtime(t.Context(), "tgt", 3306)
	must(t, err)
	want(t, "downtime", *d, *longer)
}
