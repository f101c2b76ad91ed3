package storetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

var seedTests = []test{
	{"SeedComesBackAsItWasStored", testSeedComesBack, core},
	{"UnknownSeedIsNotFound", testUnknownSeed, core},
	{"SeedWithAnUnknownWordIsNotStored", testUnknownWord, core},
	{"TransitionWithAnOldVersionChangesNothing", testOldVersion, whole},
	{"TransitionThatFailsHalfWayChangesNothing", testAtomic, whole},
	{"TransitionUnderACancelledContextChangesNothing", testCancelled, core},
	{"LongTextAndEveryCharacterSurvive", testLongText, whole},
	{"TextThatIsNotUTF8IsMadeSo", testNotUTF8, whole},
	{"WorkSeedsAreTheActiveAndTheUnreleased", testWorkSeeds, core},
	{"WorkVersionsNameTheRowsToWorkOn", testWorkVersions, core},
	{"WakingASeedLeavesItsVersionAsItIs", testWakeSeed, core},
	{"SeedsAreFilteredAndPagedNewestFirst", testSeedFilter, whole},
	{"SeedsAreCountedByStageAndStatus", testCountSeeds, whole},
}

func testSeedComesBack(t *testing.T, b Backend) {
	in := NewSeed("tgt", "src")
	made, err := b.CreateSeed(t.Context(), agent.Fence{}, in, nil, line("agent-seed"), nil, 0, 0)
	must(t, err)
	want(t, "version", made.Version, 1)
	want(t, "ended", made.EndedAt, time.Time{})
	if made.ID == 0 || !made.StartedAt.Equal(T0) || made.UpdatedAt.IsZero() {
		t.Fatalf("stored as %+v", made)
	}
	next := *made
	next.Status, next.Stage, next.Retries, next.Attempt = agentapi.Error, agentapi.Restore, 2, 7
	next.NotBefore = T0.Add(time.Minute)
	next.Outcome = "failed"
	next.Problem = agent.Problem{Code: "stage-failed", Text: "it said 'no' \\ \"never\"; DROP", Hint: "ask again", Permanent: true}
	next.Engine.Hosts = map[agent.Side]*agent.HostState{
		agentapi.Target: {Stage: agentapi.Running, UnreachableSince: T0.UTC(), Release: agent.ReleasePending, ReleaseError: "x"},
	}
	next.Engine.Progress = agent.Progress{Bytes: 1 << 50, Total: 1 << 51, Rate: 3, What: "dumping", MovedAt: T0.UTC()}
	next.Engine.Metadata = &agentapi.Metadata{LogFile: "bin.1", LogPos: 4, GtidExecuted: "0-1-2"}
	moved, err := b.Transition(t.Context(), agent.Fence{}, agent.Transition{Seed: next})
	must(t, err)
	want(t, "version", moved.Version, 2)
	read, err := b.Seed(t.Context(), made.ID)
	must(t, err)
	if diff := cmp.Diff(moved, read); diff != "" {
		t.Fatalf("Transition returned and Seed read (-,+):\n%s", diff)
	}
	next.Version, next.UpdatedAt, next.NotBefore = 2, moved.UpdatedAt, next.NotBefore.UTC()
	if diff := cmp.Diff(&next, read); diff != "" {
		t.Fatalf("asked for and read (-,+):\n%s", diff)
	}
	next.Engine.Hosts[agentapi.Target].ReleaseError = "changed by the caller later"
	want(t, "what is shared with the caller", moved.Engine.Hosts[agentapi.Target].ReleaseError, "x")
}

func testUnknownSeed(t *testing.T, b Backend) {
	_, err := b.Seed(t.Context(), 4711)
	wantErr(t, err, agent.ErrNotFound)
	s := NewSeed("tgt", "src")
	s.ID, s.Version = 4711, 1
	_, err = b.Transition(t.Context(), agent.Fence{}, agent.Transition{Seed: *s})
	wantErr(t, err, agent.ErrConflict)
}

func testUnknownWord(t *testing.T, b Backend) {
	s := NewSeed("tgt", "src")
	s.Stage = "Baking"
	_, err := b.CreateSeed(t.Context(), agent.Fence{}, s, nil, line("agent-seed"), nil, 0, 0)
	if err == nil || !strings.Contains(err.Error(), "Baking") {
		t.Fatalf("got %v", err)
	}
}

func testOldVersion(t *testing.T, b Backend) {
	old := create(t, b, "tgt", "src")
	now := move(t, b, old, agentapi.Running)
	next := *old
	next.Status = agentapi.Error
	_, err := b.Transition(t.Context(), agent.Fence{}, agent.Transition{Seed: next,
		Rows: []agent.StageState{row("tgt", agentapi.Error, 1, "too late")}, Audit: []agent.AuditEntry{line("late")}})
	wantErr(t, err, agent.ErrConflict)
	wantUnchanged(t, b, now)
	wantOneAudit(t, b)
}

// wantUnchanged: the seed is as it was, without history.
func wantUnchanged(t *testing.T, b Backend, s *agent.Seed) {
	t.Helper()
	read, err := b.Seed(t.Context(), s.ID)
	must(t, err)
	if diff := cmp.Diff(s, read); diff != "" {
		t.Fatalf("the seed changed (-,+):\n%s", diff)
	}
	states, err := b.SeedStates(t.Context(), s.ID)
	must(t, err)
	want(t, "history rows", len(states), 0)
}

// wantOneAudit: the audit has the line of the seed's creation only.
func wantOneAudit(t *testing.T, b Backend) {
	t.Helper()
	audit, err := b.AuditPage(t.Context(), 0, 10)
	must(t, err)
	want(t, "audit lines", len(audit), 1)
}

func testAtomic(t *testing.T, b Backend) {
	s := create(t, b, "tgt", "src")
	next := *s
	next.Status = agentapi.Running
	_, err := b.Transition(t.Context(), agent.Fence{}, agent.Transition{Seed: next,
		Rows:  []agent.StageState{row("tgt", agentapi.Running, 1, "fits"), row(strings.Repeat("x", 300), agentapi.Running, 1, "does not fit")},
		Audit: []agent.AuditEntry{line("seed-transition")}})
	if err == nil {
		t.Fatal("a host name of 300 characters was taken")
	}
	wantUnchanged(t, b, s)
	wantOneAudit(t, b)

	_, err = b.CreateSeed(t.Context(), agent.Fence{}, NewSeed("tgt2", "src2"),
		[]agent.StageState{row(strings.Repeat("x", 300), agentapi.Scheduled, 1, "")}, line("agent-seed"), nil, 0, 0)
	if err == nil {
		t.Fatal("a host name of 300 characters was taken")
	}
	all, err := b.Seeds(t.Context(), agent.SeedFilter{})
	must(t, err)
	want(t, "seeds", len(all), 1)
}

func testCancelled(t *testing.T, b Backend) {
	s := create(t, b, "tgt", "src")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	next := *s
	next.Status = agentapi.Running
	_, err := b.Transition(ctx, agent.Fence{}, agent.Transition{Seed: next})
	wantErr(t, err, context.Canceled)
	wantUnchanged(t, b, s)
	_, err = b.Seed(ctx, 4711)
	wantErr(t, err, context.Canceled) // and not "there is none"
}

func testLongText(t *testing.T, b Backend) {
	long := strings.Repeat("zażółć 数据 🐬 ' \" \\ ; -- \x00\n", 100_000) // 4 MB
	s := create(t, b, "tgt", "src")
	next := *s
	next.Status = agentapi.Error
	next.Problem.Text = long[:1<<20]
	moved, err := b.Transition(t.Context(), agent.Fence{}, agent.Transition{Seed: next,
		Rows: []agent.StageState{row("tgt", agentapi.Error, 1, long)}})
	must(t, err)
	read, err := b.Seed(t.Context(), s.ID)
	must(t, err)
	want(t, "problem is what Transition returned", read.Problem.Text == moved.Problem.Text, true)
	states, err := b.SeedStates(t.Context(), s.ID)
	must(t, err)
	want(t, "details survived", states[0].Details == long, true)

	h := NewHost("tgt")
	h.Data.MySQLDatabases = map[string]agentapi.Database{}
	for i := range 30_000 {
		h.Data.MySQLDatabases["schéma_🐬_"+strings.Repeat("x", 60)+time.Duration(i).String()] = agentapi.Database{Engines: []string{"InnoDB"}, Size: int64(i)}
	}
	must(t, b.SaveHost(t.Context(), h))
	back, err := b.Host(t.Context(), "tgt")
	must(t, err)
	if diff := cmp.Diff(h.Data, back.Data); diff != "" {
		t.Fatalf("data (-,+):\n%.2000s", diff)
	}
}

func testNotUTF8(t *testing.T, b Backend) {
	s := create(t, b, "tgt", "src")
	next := *s
	next.Problem.Text = "caf\xe9"
	moved, err := b.Transition(t.Context(), agent.Fence{}, agent.Transition{Seed: next,
		Rows: []agent.StageState{row("tgt", agentapi.Error, 1, "caf\xe9")}, Audit: []agent.AuditEntry{{At: T0, Type: "x", Message: "caf\xe9"}}})
	must(t, err)
	want(t, "problem", moved.Problem.Text, "caf\uFFFD")
	states, err := b.SeedStates(t.Context(), s.ID)
	must(t, err)
	want(t, "details", states[0].Details, "caf\uFFFD")
}

func testWorkSeeds(t *testing.T, b Backend) {
	active := create(t, b, "t1", "s1")
	completed := create(t, b, "t2", "s2")
	move(t, b, completed, agentapi.Completed)
	failed := create(t, b, "t3", "s3")
	failed.Engine.Hosts[agentapi.Target] = &agent.HostState{Release: agent.ReleaseDone}
	move(t, b, failed, agentapi.Failed)
	held := create(t, b, "t4", "s4")
	held.Engine.Hosts[agentapi.Target] = &agent.HostState{Release: agent.ReleaseHeld}
	held = move(t, b, held, agentapi.Failed)
	pending := create(t, b, "t5", "s5")
	pending.Engine.Hosts[agentapi.Source] = &agent.HostState{Release: agent.ReleasePending}
	move(t, b, pending, agentapi.Failed)

	work, err := b.WorkSeeds(t.Context())
	must(t, err)
	wantSlice(t, "work, oldest first", ids(work), []int64{active.ID, held.ID, pending.ID})

	held.Engine.Hosts[agentapi.Target].Release = agent.ReleaseDone
	move(t, b, held, agentapi.Failed)
	work, err = b.WorkSeeds(t.Context())
	must(t, err)
	wantSlice(t, "work after the release", ids(work), []int64{active.ID, pending.ID})
}

func testWorkVersions(t *testing.T, b Backend) {
	first, ended, held := create(t, b, "t1", "s1"), create(t, b, "t2", "s2"), create(t, b, "t3", "s3")
	move(t, b, ended, agentapi.Completed)
	held.Engine.Hosts[agentapi.Target] = &agent.HostState{Release: agent.ReleaseHeld}
	held = move(t, b, held, agentapi.Failed)
	first = move(t, b, move(t, b, first, agentapi.Running), agentapi.Running)
	wantVersions(t, b, agent.SeedVersion{ID: first.ID, Version: 3}, agent.SeedVersion{ID: held.ID, Version: 2})
}

func testWakeSeed(t *testing.T, b Backend) {
	s, other := create(t, b, "t1", "s1"), create(t, b, "t2", "s2")
	must(t, b.WakeSeed(t.Context(), s.ID))
	must(t, b.WakeSeed(t.Context(), s.ID))
	wantVersions(t, b, agent.SeedVersion{ID: s.ID, Version: 1, Wakes: 2}, agent.SeedVersion{ID: other.ID, Version: 1})
	move(t, b, s, agentapi.Running) // whose compare and set it must not spoil
	wantVersions(t, b, agent.SeedVersion{ID: s.ID, Version: 2, Wakes: 2}, agent.SeedVersion{ID: other.ID, Version: 1})
	wantErr(t, b.WakeSeed(t.Context(), 4711), agent.ErrNotFound)
}

func wantVersions(t *testing.T, b Backend, want ...agent.SeedVersion) {
	t.Helper()
	got, err := b.WorkVersions(t.Context())
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("versions (-want,+got):\n%s", diff)
	}
}

func testSeedFilter(t *testing.T, b Backend) {
	var made []int64 // 5 seeds: a<-b completed, b<-a completed, a<-c failed, c<-b active, d<-e active
	for i, hosts := range [][2]string{{"a", "b"}, {"b", "a"}, {"a", "c"}, {"c", "b"}, {"d", "e"}} {
		s := create(t, b, hosts[0], hosts[1])
		made = append(made, s.ID)
		if i < 3 {
			move(t, b, s, []agent.Status{agentapi.Completed, agentapi.Completed, agentapi.Failed}[i])
		}
	}
	for what, c := range map[string]struct {
		f    agent.SeedFilter
		want []int
	}{
		"all":             {agent.SeedFilter{}, []int{4, 3, 2, 1, 0}},
		"target":          {agent.SeedFilter{Target: "a"}, []int{2, 0}},
		"source":          {agent.SeedFilter{Source: "b"}, []int{3, 0}},
		"either":          {agent.SeedFilter{EitherHost: "c"}, []int{3, 2}},
		"either, active":  {agent.SeedFilter{EitherHost: "b", ActiveOnly: true}, []int{3}},
		"status":          {agent.SeedFilter{Status: agentapi.Completed}, []int{1, 0}},
		"target, status":  {agent.SeedFilter{Target: "a", Status: agentapi.Failed}, []int{2}},
		"method":          {agent.SeedFilter{Method: agentapi.Mysqldump, Target: "a"}, []int{2, 0}},
		"no such method":  {agent.SeedFilter{Method: agentapi.LVM}, nil},
		"active":          {agent.SeedFilter{ActiveOnly: true}, []int{4, 3}},
		"first page":      {agent.SeedFilter{Limit: 2}, []int{4, 3}},
		"third page":      {agent.SeedFilter{Limit: 2, Offset: 4}, []int{0}},
		"beyond":          {agent.SeedFilter{Limit: 2, Offset: 6}, nil},
		"rest":            {agent.SeedFilter{Offset: 3}, []int{1, 0}},
		"before":          {agent.SeedFilter{BeforeID: made[2], Limit: 1}, []int{1}},
		"by number":       {agent.SeedFilter{IDs: []int64{made[3], 4711, made[1]}}, []int{3, 1}},
		"by no number":    {agent.SeedFilter{IDs: []int64{}}, nil},
		"exact, not like": {agent.SeedFilter{Target: "%"}, nil},
		"exact case":      {agent.SeedFilter{Target: "A"}, nil},
	} {
		var expect []int64
		for _, i := range c.want {
			expect = append(expect, made[i])
		}
		got, err := b.Seeds(t.Context(), c.f)
		must(t, err)
		wantSlice(t, what, ids(got), expect)
	}
}

func testCountSeeds(t *testing.T, b Backend) {
	create(t, b, "a", "b")
	create(t, b, "c", "d")
	move(t, b, create(t, b, "e", "f"), agentapi.Failed)
	counts, err := b.CountSeeds(t.Context())
	must(t, err)
	wantCounts := []agent.SeedCount{{Stage: agentapi.Prepare, Status: agentapi.Failed, Count: 1}, {Stage: agentapi.Prepare, Status: agentapi.Scheduled, Count: 2}}
	if diff := cmp.Diff(wantCounts, counts); diff != "" {
		t.Fatalf("counts (-,+):\n%s", diff)
	}
}
