package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

var raceTests = []test{
	{"EightWritersOnOneSeedLoseNoUpdate", testEightWriters, core},
	{"TwoStartsForOneTargetMakeOneSeed", testTwoStarts, core},
	{"RetryAndStartForOneTargetMakeOneActiveSeed", testRetryAndStart, whole},
	{"ReaderThatPagesWhileRowsComeInSeesNoneTwice", testPaging, whole},
}

// together runs n functions at once and returns when all are done.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	gate := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-gate
			f(i)
		})
	}
	close(gate)
	wg.Wait()
}

func testEightWriters(t *testing.T, b Backend) {
	const writers, each = 8, 10
	s := create(t, b, "tgt", "src")
	var winners sync.Map // version -> writer
	together(writers, func(i int) {
		for done := 0; done < each; {
			seed, err := b.Seed(t.Context(), s.ID)
			if err != nil {
				t.Error(err)
				return
			}
			seed.Retries++
			moved, err := b.Transition(t.Context(), agent.Fence{}, agent.Transition{Seed: *seed,
				Rows: []agent.StageState{row("tgt", agentapi.Running, 1, fmt.Sprintf("writer %d, %d", i, done))}})
			if errors.Is(err, agent.ErrConflict) {
				continue
			}
			if err != nil {
				t.Error(err)
				return
			}
			if other, taken := winners.LoadOrStore(moved.Version, i); taken {
				t.Errorf("writers %d and %d both made version %d", i, other, moved.Version)
			}
			done++
		}
	})
	end, err := b.Seed(t.Context(), s.ID)
	must(t, err)
	want(t, "updates", end.Retries, writers*each)
	want(t, "version", end.Version, 1+writers*each)
	want(t, "history rows", len(history(t, b, s.ID)), writers*each)
}

func testTwoStarts(t *testing.T, b Backend) {
	for round := range 10 {
		var made, refused atomic.Int32
		target := fmt.Sprintf("tgt%d", round)
		together(4, func(i int) {
			_, err := b.CreateSeed(t.Context(), agent.Fence{}, NewSeed(target, fmt.Sprintf("src%d-%d", round, i)), nil, line("agent-seed"), ourDowntime(target), 0, 1)
			switch {
			case err == nil:
				made.Add(1)
			case errors.Is(err, agent.ErrRefused):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
		want(t, "made", made.Load(), 1)
		want(t, "refused", refused.Load(), 3)
	}
}

func testRetryAndStart(t *testing.T, b Backend) {
	for round := range 10 {
		target := fmt.Sprintf("tgt%d", round)
		next := *move(t, b, create(t, b, target, "src"), agentapi.Failed)
		next.Status = agentapi.Scheduled
		together(2, func(i int) {
			var err error
			if i == 0 {
				_, err = b.Transition(t.Context(), agent.Fence{}, agent.Transition{Seed: next})
			} else {
				_, err = b.CreateSeed(t.Context(), agent.Fence{}, NewSeed(target, "src2"), nil, line("agent-seed"), nil, 0, 0)
			}
			if err != nil && !errors.Is(err, agent.ErrRefused) {
				t.Error(err)
			}
		})
		active, err := b.Seeds(t.Context(), agent.SeedFilter{Target: target, ActiveOnly: true})
		must(t, err)
		want(t, "active seeds of the target", len(active), 1)
	}
}

// One seed's rows are read in order, each once and none missed; seeds read before an ID are not repeated.
func testPaging(t *testing.T, b Backend) {
	const rows = 60
	s := create(t, b, "tgt", "src")
	for i := range 20 {
		move(t, b, create(t, b, fmt.Sprintf("t%d", i), fmt.Sprintf("s%d", i)), agentapi.Completed)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range rows {
			s.Status = agentapi.Running
			moved, err := b.Transition(t.Context(), agent.Fence{}, agent.Transition{Seed: *s,
				Rows: []agent.StageState{row("tgt", agentapi.Running, 1, fmt.Sprint(i))}})
			if err != nil {
				t.Error(err)
				return
			}
			s = moved
			move(t, b, create(t, b, fmt.Sprintf("new%d", i), "x"), agentapi.Completed)
		}
	}()
	var got []string
	for last, ended := int64(0), false; !ended || len(got) < rows; {
		select {
		case <-done:
			ended = true
		default:
		}
		page, err := b.SeedStatesSince(t.Context(), last, 7)
		must(t, err)
		for _, r := range page {
			last = r.ID
			want(t, "next row", r.Details, fmt.Sprint(len(got)))
			got = append(got, r.Details)
		}
		readSeedPages(t, b)
		if t.Failed() || ended && len(page) == 0 {
			break
		}
	}
	<-done
	want(t, "rows", len(got), rows)
}

func readSeedPages(t *testing.T, b Backend) {
	t.Helper()
	seen := map[int64]bool{}
	for before := int64(0); ; {
		page, err := b.Seeds(t.Context(), agent.SeedFilter{BeforeID: before, Limit: 5})
		must(t, err)
		if len(page) == 0 {
			break
		}
		for _, s := range page {
			if seen[s.ID] {
				t.Fatalf("seed %d was read twice", s.ID)
			}
			seen[s.ID] = true
			before = s.ID
		}
	}
	if len(seen) < 21 {
		t.Fatalf("%d seeds seen, 21 were there before", len(seen))
	}
}
