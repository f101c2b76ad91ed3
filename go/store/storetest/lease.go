package storetest

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

var leaseTests = []test{
	{"LeaseHasOneHolder", testLease, whole},
	{"LeaseChangesHandsWhenItExpires", testLeaseExpires, whole},
	{"LeaseIsTakenByOneOfManyAtOnce", testLeaseRace, whole},
	{"WritesOfAnOldTermAreFenced", testFence, whole},
}

func acquire(t *testing.T, b Backend, node string, ttl time.Duration) (int64, bool) {
	t.Helper()
	term, ok, err := b.AcquireLease(t.Context(), node, ttl)
	must(t, err)
	return term, ok
}

func testLease(t *testing.T, b Backend) {
	_, term, live, err := b.CurrentLease(t.Context())
	must(t, err)
	want(t, "first term", term, 0)
	want(t, "live", live, false)
	first, ok := acquire(t, b, "n1", time.Hour)
	want(t, "n1 leads", ok, true)
	_, ok = acquire(t, b, "n2", time.Hour)
	want(t, "n2 leads as well", ok, false)
	again, ok := acquire(t, b, "n1", time.Hour)
	want(t, "n1 still leads", ok, true)
	want(t, "term", again, first)
	node, term, live, err := b.CurrentLease(t.Context())
	must(t, err)
	want(t, "node", node, "n1")
	want(t, "term", term, first)
	want(t, "live", live, true)

	must(t, b.ReleaseLease(t.Context(), "n2", first))
	must(t, b.ReleaseLease(t.Context(), "n1", first-1))
	_, ok = acquire(t, b, "n2", time.Hour)
	want(t, "n2 leads after others' releases", ok, false)
	must(t, b.ReleaseLease(t.Context(), "n1", first))
	second, ok := acquire(t, b, "n2", time.Hour)
	want(t, "n2 leads after n1's release", ok, true)
	want(t, "term grew", second, first+1)
}

func testLeaseExpires(t *testing.T, b Backend) {
	first, _ := acquire(t, b, "n1", 50*time.Millisecond)
	ticks := time.NewTicker(10 * time.Millisecond)
	defer ticks.Stop()
	for start := time.Now(); ; <-ticks.C {
		term, ok := acquire(t, b, "n2", time.Hour)
		if ok {
			want(t, "term grew", term, first+1)
			break
		}
		if time.Since(start) > 10*time.Second {
			t.Fatal("a lease of 50 ms lasts longer than 10 s")
		}
	}
	_, ok := acquire(t, b, "n1", time.Hour)
	want(t, "n1 leads again", ok, false)
}

func testLeaseRace(t *testing.T, b Backend) {
	var leaders atomic.Int32
	together(8, func(i int) {
		_, ok, err := b.AcquireLease(t.Context(), string(rune('a'+i)), time.Hour)
		if err != nil {
			t.Error(err)
		}
		if ok {
			leaders.Add(1)
		}
	})
	want(t, "leaders", leaders.Load(), 1)
}

func testFence(t *testing.T, b Backend) {
	s := create(t, b, "tgt", "src")
	old, _ := acquire(t, b, "n1", time.Hour)
	write := func(term int64) error {
		moved, err := b.Transition(t.Context(), agent.Fence{Term: term}, agent.Transition{Seed: *s})
		if err == nil {
			s = moved
		}
		return err
	}
	must(t, write(old))
	must(t, b.ReleaseLease(t.Context(), "n1", old))
	must(t, write(old)) // nobody has taken over
	now, _ := acquire(t, b, "n2", time.Hour)
	wantErr(t, write(old), agent.ErrFenced)
	wantUnchanged(t, b, s)
	wantOneAudit(t, b)
	_, err := b.CreateSeed(t.Context(), agent.Fence{Term: old}, NewSeed("t2", "s2"), nil, line("agent-seed"), nil, 0, 0)
	wantErr(t, err, agent.ErrFenced)
	must(t, write(now))
	next, err := b.CreateSeed(t.Context(), agent.Fence{Term: now}, NewSeed("t2", "s2"), nil, line("agent-seed"), nil, 0, 0)
	must(t, err)
	want(t, "status", next.Status, agentapi.Scheduled)
}
