package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

var togetherTests = []test{
	{"MovesMadeTogetherAreAllStored", testTogether, core},
	{"ConflictAmongMovesIsOnlyItsOwn", testConflictAmong, core},
	{"MoveThatCannotBeStoredFailsNoOther", testBadAmong, whole},
	{"RetryThatIsRefusedFailsNoOther", testRefusedAmong, core},
	{"MoveOfAnOldTermFailsNoOther", testFencedAmong, whole},
	{"CallerWhoGoesAwayTakesNoOtherAlong", testCancelledAmong, core},
	{"AgentsSavedTogetherAreAllStored", testHostsTogether, core},
	{"SeedsThatEndTogetherAreThinnedAndTheirDowntimesEnd", testEndTogether, whole},
	{"MovesOfOneSeedMadeTogetherAreOneMoveAndConflicts", testSameSeed, core},
}

// gathers is a backend that can be made to write together what comes together.
type gathers interface {
	Gather() (write func(n int))
	Waiting() int
}

// transitions asks for all of them at once and returns what became of each. A backend that gathers has them all at the same
// time.
func transitions(t *testing.T, b Backend, all ...func() (*agent.Seed, error)) (moved []*agent.Seed, errs []error) {
	t.Helper()
	write := func(int) {}
	if g, ok := backendOf(b).(gathers); ok {
		write = g.Gather()
	}
	moved, errs = make([]*agent.Seed, len(all)), make([]error, len(all))
	var wg sync.WaitGroup
	for i, f := range all {
		wg.Go(func() { moved[i], errs[i] = f() })
	}
	write(len(all))
	wg.Wait()
	return moved, errs
}

func backendOf(b Backend) any {
	if c, ok := b.(coreOnly); ok {
		return c.Core
	}
	return b
}

// to is a transition to that status, with a history row and a line of audit.
func to(b Backend, s *agent.Seed, status agent.Status, change ...func(*agent.Transition)) func() (*agent.Seed, error) {
	next := *s
	next.Status = status
	if !next.Active() {
		next.EndedAt = T0.Add(time.Hour)
	}
	tr := agent.Transition{Seed: next, Rows: []agent.StageState{row(s.TargetHost, status, 1, "moved")},
		Audit: []agent.AuditEntry{{At: T0, Type: "seed-transition", Host: s.TargetHost, Message: "moved"}}}
	for _, f := range change {
		f(&tr)
	}
	return func() (*agent.Seed, error) { return b.Transition(context.Background(), agent.Fence{}, tr) }
}

func fleet(t *testing.T, b Backend, n int) []*agent.Seed {
	t.Helper()
	var all []*agent.Seed
	for i := range n {
		all = append(all, create(t, b, fmt.Sprint("t", i), fmt.Sprint("s", i)))
	}
	return all
}

// wantMoved: the seed is stored as Transition returned it.
func wantMoved(t *testing.T, b Backend, moved *agent.Seed, err error, status agent.Status, rows ...agent.StageState) {
	t.Helper()
	must(t, err)
	read, err := b.Seed(t.Context(), moved.ID)
	must(t, err)
	if diff := cmp.Diff(moved, read); diff != "" {
		t.Fatalf("returned and read (-,+):\n%s", diff)
	}
	want(t, "status", read.Status, status)
	if len(rows) > 0 {
		wantHistory(t, b, moved.ID, rows...)
	}
}

func testTogether(t *testing.T, b Backend) {
	seeds := fleet(t, b, 20)
	dumping := row("t3", agentapi.Running, 1, "dumping ' \\ \" 数据")
	seeds[3] = move(t, b, seeds[3], agentapi.Running, dumping)
	var all []func() (*agent.Seed, error)
	for i, s := range seeds {
		all = append(all, to(b, s, agentapi.Running, func(tr *agent.Transition) {
			tr.Seed.Retries, tr.Seed.NotBefore = i, T0.Add(time.Duration(i)*time.Minute)
			tr.Seed.Engine.Progress.Bytes = int64(i)
			if i == 3 { // folds into what is stored, and then into itself
				tr.Rows = append([]agent.StageState{dumping, dumping}, tr.Rows[0], tr.Rows[0])
			}
			if i == 5 {
				tr.Seed.NotBefore, tr.Rows, tr.Audit = time.Time{}, nil, nil
			}
		}))
	}
	moved, errs := transitions(t, b, all...)
	for i := range seeds {
		rows := []agent.StageState{times(1, row(seeds[i].TargetHost, agentapi.Running, 1, "moved"))}
		if i == 3 {
			rows = []agent.StageState{times(3, dumping), times(2, rows[0])}
		}
		if i == 5 {
			rows = nil
			want(t, "history without a row", len(history(t, b, seeds[i].ID)), 0)
		}
		wantMoved(t, b, moved[i], errs[i], agentapi.Running, rows...)
		want(t, "retries", moved[i].Retries, i)
		want(t, "version", moved[i].Version, seeds[i].Version+1)
	}
}

func testConflictAmong(t *testing.T, b Backend) {
	seeds := fleet(t, b, 8)
	newer := move(t, b, seeds[4], agentapi.Error)
	gone := *seeds[5]
	gone.ID = 4711
	var all []func() (*agent.Seed, error)
	for _, s := range seeds {
		all = append(all, to(b, s, agentapi.Running))
	}
	moved, errs := transitions(t, b, append(all, to(b, &gone, agentapi.Running))...)
	for i, s := range seeds {
		if i == 4 {
			wantErr(t, errs[i], agent.ErrConflict)
			wantUnchanged(t, b, newer)
			continue
		}
		wantMoved(t, b, moved[i], errs[i], agentapi.Running, times(1, row(s.TargetHost, agentapi.Running, 1, "moved")))
	}
	wantErr(t, errs[8], agent.ErrConflict)
}

func testBadAmong(t *testing.T, b Backend) {
	seeds := fleet(t, b, 6)
	all := []func() (*agent.Seed, error){}
	for i, s := range seeds {
		all = append(all, to(b, s, agentapi.Running, func(tr *agent.Transition) {
			switch i {
			case 2:
				tr.Rows[0].Host = strings.Repeat("x", 300)
			case 3:
				tr.Seed.Stage = "Baking"
			case 4:
				tr.Audit[0].User = "alice"
			}
		}))
	}
	// The one with an unknown word fails before it comes together with the others.
	moved, errs := transitions(t, b, append(all[:3:3], all[4:]...)...)
	for i, s := range []*agent.Seed{seeds[0], seeds[1], nil, seeds[4], seeds[5]} {
		if s == nil {
			if errs[i] == nil || errors.Is(errs[i], agent.ErrConflict) {
				t.Fatalf("a host name of 300 characters: %v", errs[i])
			}
			wantUnchanged(t, b, seeds[2])
			continue
		}
		wantMoved(t, b, moved[i], errs[i], agentapi.Running, times(1, row(s.TargetHost, agentapi.Running, 1, "moved")))
	}
	if _, err := all[3](); err == nil {
		t.Fatal("an unknown stage was stored")
	}
	audit, err := b.AuditPage(t.Context(), 0, 100)
	must(t, err)
	want(t, "lines: 6 seeds made, 4 moved", len(audit), 10)
	for _, a := range audit[:4] {
		want(t, "user of the line", a.User, map[bool]string{true: "alice", false: ""}[a.Host == "t4"])
	}
}

func testRefusedAmong(t *testing.T, b Backend) {
	seeds := fleet(t, b, 6)
	refusedOne := move(t, b, seeds[1], agentapi.Failed)
	revived := move(t, b, seeds[2], agentapi.Failed)
	create(t, b, "t1", "other") // has the first one's target
	moved, errs := transitions(t, b, to(b, seeds[0], agentapi.Running), to(b, refusedOne, agentapi.Scheduled), to(b, revived, agentapi.Scheduled),
		to(b, seeds[3], agentapi.Running), to(b, seeds[4], agentapi.Failed), to(b, seeds[5], agentapi.Running))
	wantErr(t, errs[1], agent.ErrRefused)
	wantUnchanged(t, b, refusedOne)
	for i, status := range map[int]agent.Status{0: agentapi.Running, 2: agentapi.Scheduled, 3: agentapi.Running, 4: agentapi.Failed, 5: agentapi.Running} {
		wantMoved(t, b, moved[i], errs[i], status)
	}
}

func testFencedAmong(t *testing.T, b Backend) {
	old, _ := acquire(t, b, "n1", time.Hour)
	must(t, b.ReleaseLease(t.Context(), "n1", old))
	term, _ := acquire(t, b, "n2", time.Hour)
	seeds := fleet(t, b, 9)
	var all []func() (*agent.Seed, error)
	for i, s := range seeds {
		next := *s
		next.Status = agentapi.Running
		fence := agent.Fence{Term: []int64{term, old, 0}[i%3]}
		all = append(all, func() (*agent.Seed, error) {
			return b.Transition(t.Context(), fence, agent.Transition{Seed: next})
		})
	}
	moved, errs := transitions(t, b, all...)
	for i, s := range seeds {
		if i%3 == 1 {
			wantErr(t, errs[i], agent.ErrFenced)
			wantUnchanged(t, b, s)
			continue
		}
		wantMoved(t, b, moved[i], errs[i], agentapi.Running)
	}
}

func testCancelledAmong(t *testing.T, b Backend) {
	seeds := fleet(t, b, 5)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	late, done := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer done()
	var all []func() (*agent.Seed, error)
	for _, s := range seeds[:3] {
		all = append(all, to(b, s, agentapi.Running))
	}
	write := func(int) {}
	if g, ok := backendOf(b).(gathers); ok {
		write = g.Gather()
	}
	errs := make([]error, 5)
	var wg, left sync.WaitGroup
	for i, f := range all {
		wg.Go(func() { _, errs[i] = f() })
	}
	for i, c := range map[int]context.Context{3: ctx, 4: late} {
		next := *seeds[i]
		next.Status = agentapi.Running
		left.Go(func() { _, errs[i] = b.Transition(c, agent.Fence{}, agent.Transition{Seed: next}) })
	}
	left.Wait()
	if g, ok := backendOf(b).(gathers); ok {
		leaveWhileWaiting(t, b, g, seeds[3])
	}
	write(3)
	wg.Wait()
	for i := range all {
		must(t, errs[i])
	}
	wantErr(t, errs[3], context.Canceled)
	wantErr(t, errs[4], context.DeadlineExceeded)
	wantUnchanged(t, b, seeds[3])
	wantUnchanged(t, b, seeds[4])
}

func leaveWhileWaiting(t *testing.T, b Backend, g gathers, s *agent.Seed) {
	t.Helper()
	waiting := func(n int) {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for g.Waiting() != n {
			<-tick.C
		}
	}
	waiting(3)
	ctx, leave := context.WithCancel(t.Context())
	next := *s
	next.Status = agentapi.Running
	left := make(chan error)
	go func() {
		_, err := b.Transition(ctx, agent.Fence{}, agent.Transition{Seed: next})
		left <- err
	}()
	waiting(4)
	leave()
	wantErr(t, <-left, context.Canceled)
	waiting(3)
}

func testEndTogether(t *testing.T, b Backend) {
	var seeds []*agent.Seed
	for i := range 4 {
		target := fmt.Sprint("t", i)
		s, err := b.CreateSeed(t.Context(), agent.Fence{}, NewSeed(target, fmt.Sprint("s", i)), nil, line("agent-seed"), ourDowntime(target), 0, 0)
		must(t, err)
		for j := range 6 {
			s = move(t, b, s, agentapi.Running, row(target, agentapi.Running, 1, fmt.Sprint("part ", j%2)))
		}
		seeds = append(seeds, s)
	}
	end := func(tr *agent.Transition) { tr.EndDowntime = true }
	moved, errs := transitions(t, b, to(b, seeds[0], agentapi.Completed, end), to(b, seeds[1], agentapi.Failed, end),
		to(b, seeds[2], agentapi.Completed), to(b, seeds[3], agentapi.Running, end))
	for i, status := range []agent.Status{agentapi.Completed, agentapi.Failed, agentapi.Completed, agentapi.Running} {
		must(t, errs[i])
		want(t, "status", moved[i].Status, status)
		_, err := b.Downtime(t.Context(), seeds[i].TargetHost, 3306)
		if i == 2 {
			must(t, err)
		} else {
			wantErr(t, err, agent.ErrNotFound)
		}
		rows := 3
		if i == 3 {
			rows = 7
		}
		want(t, fmt.Sprint("history rows of seed ", i), len(history(t, b, seeds[i].ID)), rows)
	}
}

// Registrations, facts of an agent that has registered anew, an unknown one and a move, all at once.
func testHostsTogether(t *testing.T, b Backend) {
	seed := create(t, b, "tgt", "src")
	must(t, b.SaveHost(t.Context(), NewHost("h0")))
	anew := NewHost("h0")
	anew.Info.Token = "an older token"
	var all []func() (*agent.Seed, error)
	for i := range 10 {
		h := NewHost(fmt.Sprint("h", i+1))
		all = append(all, func() (*agent.Seed, error) { return nil, b.SaveHost(context.Background(), h) })
	}
	all = append(all, func() (*agent.Seed, error) { return nil, b.SaveHostFacts(context.Background(), anew) },
		func() (*agent.Seed, error) { return nil, b.TouchHost(context.Background(), "nobody", T0) },
		func() (*agent.Seed, error) { return nil, b.Audit(context.Background(), line("x")) },
		to(b, seed, agentapi.Running))
	moved, errs := transitions(t, b, all...)
	for i, err := range errs {
		switch i {
		case 10:
			wantErr(t, err, agent.ErrConflict)
		case 11:
			wantErr(t, err, agent.ErrNotFound)
		default:
			must(t, err)
		}
	}
	wantMoved(t, b, moved[13], nil, agentapi.Running)
	for i := range 11 {
		h, err := b.Host(t.Context(), fmt.Sprint("h", i))
		must(t, err)
		want(t, "token", h.Info.Token, NewHost(h.Info.Hostname).Info.Token)
	}
}

func testSameSeed(t *testing.T, b Backend) {
	seeds := fleet(t, b, 2)
	moved, errs := transitions(t, b, to(b, seeds[0], agentapi.Running), to(b, seeds[1], agentapi.Running), to(b, seeds[0], agentapi.Error), to(b, seeds[0], agentapi.Aborting))
	wantMoved(t, b, moved[1], errs[1], agentapi.Running)
	won := 0
	for _, i := range []int{0, 2, 3} {
		if errs[i] == nil {
			won++
			wantMoved(t, b, moved[i], nil, moved[i].Status, times(1, row("t0", moved[i].Status, 1, "moved")))
		} else {
			wantErr(t, errs[i], agent.ErrConflict)
		}
	}
	want(t, "moves stored", won, 1)
}
