package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

var upkeepTests = []test{
	{"AuditIsReadByPageNewestFirst", testAudit, whole},
	{"PurgeTakesOldFinishedSeedsAndAuditOnly", testPurge, whole},
	{"PingWritesNothing", testPing, whole},
}

func testAudit(t *testing.T, b Backend) {
	for i := range 5 {
		e := line(fmt.Sprint("type", i))
		if i == 4 {
			e.User, e.Host, e.Port, e.Message = "", "", 0, "'; DROP TABLE audit; -- 🐬"
		}
		must(t, b.Audit(t.Context(), e))
	}
	page, err := b.AuditPage(t.Context(), 0, 2)
	must(t, err)
	want(t, "lines", len(page), 2)
	expect := agent.AuditEntry{At: T0.UTC(), Type: "type4", Message: "'; DROP TABLE audit; -- 🐬"}
	if diff := cmp.Diff(expect, page[0].AuditEntry); diff != "" {
		t.Fatalf("newest (-,+):\n%s", diff)
	}
	expect = line("type3")
	expect.At = expect.At.UTC()
	if diff := cmp.Diff(expect, page[1].AuditEntry); diff != "" {
		t.Fatalf("second (-,+):\n%s", diff)
	}
	page, err = b.AuditPage(t.Context(), 2, 2)
	must(t, err)
	want(t, "last page", len(page), 1)
	want(t, "oldest", page[0].Type, "type0")
}

func testPurge(t *testing.T, b Backend) {
	old := move(t, b, create(t, b, "t1", "s1"), agentapi.Completed, row("t1", agentapi.Completed, 1, "done"))
	active := create(t, b, "t2", "s2")
	active.StartedAt = T0.Add(-24 * 1000 * time.Hour)
	active = move(t, b, active, agentapi.Running, row("t2", agentapi.Running, 1, "still"))
	held := create(t, b, "t3", "s3")
	held.Engine.Hosts[agentapi.Target] = &agent.HostState{Release: agent.ReleaseHeld}
	held = move(t, b, held, agentapi.Failed)
	young := create(t, b, "t4", "s4")
	young.Status, young.EndedAt = agentapi.Failed, T0.Add(48*time.Hour)
	young, err := b.Transition(t.Context(), agent.Fence{}, agent.Transition{Seed: *young})
	must(t, err)
	late := line("late")
	late.At = T0.Add(48 * time.Hour)
	must(t, b.Audit(t.Context(), late))

	must(t, b.WakeSeed(t.Context(), old.ID))
	must(t, b.Purge(t.Context(), time.Time{}, time.Time{})) // nothing
	must(t, b.Purge(t.Context(), T0.Add(24*time.Hour), T0.Add(24*time.Hour)))

	left, err := b.Seeds(t.Context(), agent.SeedFilter{})
	must(t, err)
	wantSlice(t, "seeds", ids(left), []int64{young.ID, held.ID, active.ID})
	want(t, "history of the purged", len(history(t, b, old.ID)), 0)
	want(t, "history of the active", len(history(t, b, active.ID)), 1)
	audit, err := b.AuditPage(t.Context(), 0, 10)
	must(t, err)
	want(t, "audit lines", len(audit), 1)
	want(t, "audit", audit[0].Type, "late")

	next := create(t, b, "t5", "s5")
	if next.ID <= young.ID {
		t.Fatalf("seed %d after seed %d", next.ID, young.ID)
	}
}

func testPing(t *testing.T, b Backend) {
	must(t, b.Ping(t.Context()))
	together(8, func(int) {
		if err := b.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
