package metrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

type fakeSeeds struct {
	asked  atomic.Int64
	counts []agent.SeedCount
	err    error
}

func (f *fakeSeeds) CountSeeds(context.Context) ([]agent.SeedCount, error) {
	f.asked.Add(1)
	return f.counts, f.err
}

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	body, err := io.ReadAll(w.Body)
	if err != nil || w.Code != 200 {
		t.Fatalf("scrape: %d %v", w.Code, err)
	}
	return string(body)
}

func wantLines(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if !strings.Contains(text, l+"\n") {
			t.Errorf("no line %q", l)
		}
	}
}

func TestEveryNumberIsShownAfterItWasCounted(t *testing.T) {
	seeds := &fakeSeeds{counts: []agent.SeedCount{
		{Stage: agentapi.Backup, Status: agentapi.Running, Count: 2},
		{Stage: agentapi.Prepare, Status: agentapi.Error, Count: 1},
		{Stage: agentapi.Cleanup, Status: agentapi.Completed, Count: 7},
	}}
	m, err := New(Options{Seeds: seeds, Version: "1.2.3", Leading: func() bool { return false }})
	if err != nil {
		t.Fatal(err)
	}
	m.StageEnded(agentapi.Backup, agentapi.Mysqldump, true, 90*time.Second)
	m.StageEnded(agentapi.Backup, agentapi.Mysqldump, false, time.Second)
	m.AgentCall("get-agent-data", 20*time.Millisecond, nil)
	m.AgentCall("get-agent-data", time.Second, &agent.OpError{Op: "ask", Err: fmt.Errorf("%w: no route", agent.ErrUnreachable)})
	m.Cycle(time.Second, 3)
	m.HTTPRequest("seeds", 200, time.Millisecond)
	text := scrape(t, m)
	wantLines(t, text,
		`orchestrator_seed_seeds{stage="Backup",status="Running"} 2`,
		`orchestrator_seed_seeds{stage="Cleanup",status="Completed"} 7`,
		`orchestrator_seed_active_seeds 3`,
		`orchestrator_seed_stage_duration_seconds_count{method="Mysqldump",result="completed",stage="Backup"} 1`,
		`orchestrator_seed_stage_duration_seconds_sum{method="Mysqldump",result="failed",stage="Backup"} 1`,
		`orchestrator_seed_agent_call_duration_seconds_count{call="get-agent-data"} 2`,
		`orchestrator_seed_agent_call_errors_total{call="get-agent-data",reason="unreachable"} 1`,
		`orchestrator_seed_cycle_duration_seconds_count 1`,
		`orchestrator_seed_cycle_seeds 3`,
		`orchestrator_seed_http_requests_total{code="200",route="seeds"} 1`,
		`orchestrator_seed_leader 0`,
	)
	if !strings.Contains(text, `orchestrator_seed_build_info{`) || !strings.Contains(text, `version="1.2.3"} 1`) {
		t.Error("no build_info")
	}
}

func TestSeedsAreCountedAtMostOnceASecond(t *testing.T) {
	now := time.Unix(1000, 0)
	seeds := &fakeSeeds{}
	m, err := New(Options{Seeds: seeds, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		scrape(t, m)
	}
	if n := seeds.asked.Load(); n != 1 {
		t.Fatalf("the database was asked %d times", n)
	}
	now = now.Add(time.Second)
	scrape(t, m)
	if n := seeds.asked.Load(); n != 2 {
		t.Fatalf("the database was asked %d times after a second", n)
	}
}

func TestDatabaseErrorShowsNoSeedsInsteadOfZero(t *testing.T) {
	m, err := New(Options{Seeds: &fakeSeeds{err: errors.New("gone")}})
	if err != nil {
		t.Fatal(err)
	}
	text := scrape(t, m)
	if strings.Contains(text, "orchestrator_seed_active_seeds") {
		t.Error("a number of seeds is shown though none is known")
	}
	wantLines(t, text, "orchestrator_seed_leader 1")
}
