package main

import (
	"context"
	"database/sql"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/store"
)

// statements counts those of every test and benchmark here.
var statements = countSQLite(counted)

// fleetOf is a store filled with seeds, and their agents.
func fleetOf(t testing.TB, seeds int, method agent.Method) (*store.Store, *agents, *atomic.Int64) {
	t.Helper()
	w := world{agents: 2 * seeds, seeds: seeds, port: freePort(t), method: method}
	fakes, err := serveAgents(0, w.agents, w.port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fakes.close)
	path := filepath.Join(t.TempDir(), "seed.sqlite3")
	s, err := store.Open(t.Context(), store.Options{Dialect: "sqlite3", Path: path, Driver: counted})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	db, err := sql.Open("sqlite3", path+"?_busy_timeout=10000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := w.fill(t.Context(), s, db); err != nil {
		t.Fatal(err)
	}
	return s, fakes, statements
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", agentName(0)+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// wait returns when n cycles have ended.
func (c *cycles) wait(n int) {
	for range n {
		<-c.over
	}
}

// The limits are on the average of all seeds and cycles; the counts are exact, whatever else runs on the machine.
func TestCycleOfManySeedsTakesAFewStatementsAndACallForEach(t *testing.T) {
	const seeds, rounds = 300, 8
	for _, method := range []agent.Method{agentapi.Mydumper, agentapi.Xtrabackup} {
		t.Run(string(method), func(t *testing.T) {
			s, fakes, statements := fleetOf(t, seeds, method)
			c, stop, err := runEngine(t.Context(), s, 500*time.Millisecond)
			if err != nil {
				t.Fatal(err)
			}
			defer stop()
			c.wait(2) // seeds and agents are read, and every agent is asked once
			statements.Store(0)
			fakes.take()
			c.take()
			c.wait(rounds)
			sql, calls, took := statements.Load(), fakes.take().Calls, c.take()
			stop()
			perSeed := func(n int64) float64 { return float64(n) / seeds / float64(len(took)) }
			slices.Sort(took)
			t.Logf("%d cycles: %.3f statements and %.3f calls for each seed, %s in the middle", len(took), perSeed(sql), perSeed(calls), took[len(took)/2])
			if perSeed(sql) > mostStatements || perSeed(calls) > 1.15 {
				t.Errorf("%.3f statements and %.3f calls for each seed and cycle", perSeed(sql), perSeed(calls))
			}
			work, err := s.WorkSeeds(context.Background())
			if err != nil || len(work) != seeds {
				t.Fatalf("%d seeds, %v", len(work), err)
			}
			for _, w := range work {
				if w.Version < 3 || w.Engine.Progress.Bytes == 0 || !w.Engine.Hosts[agentapi.Target].UnreachableSince.IsZero() {
					t.Fatalf("seed %d is at version %d: %+v", w.ID, w.Version, w.Engine.Progress)
				}
			}
		})
	}
}

// Ten of a hundred agents never answer; the others are asked at every tick as before.
func TestTenAgentsOfAHundredThatHangCostTheOthersNothing(t *testing.T) {
	s, fakes, _ := fleetOf(t, 100, agentapi.Mydumper)
	const interval = 400 * time.Millisecond
	c, stop, err := runEngine(t.Context(), s, interval)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	middle := func() float64 {
		c.wait(2)
		fakes.take()
		c.wait(12)
		all := fakes.take().All
		if len(all) < 90*4 {
			t.Fatalf("%d polls of 90 agents in 12 cycles", len(all))
		}
		return all[len(all)/2]
	}
	without := middle()
	fakes.hang.Store(10)
	with := middle()
	t.Logf("between two polls of an agent are %.1f ms; with agents that hang %.1f ms", without, with)
	if with-without > 50+float64(slack.Milliseconds()) {
		t.Errorf("the others lose %.1f ms", with-without)
	}
}

func BenchmarkCycle(b *testing.B) {
	for _, seeds := range []int{100, 1000} {
		b.Run(strconv.Itoa(seeds), func(b *testing.B) {
			s, fakes, statements := fleetOf(b, seeds, agentapi.Mydumper)
			c, stop, err := runEngine(b.Context(), s, 100*time.Millisecond)
			if err != nil {
				b.Fatal(err)
			}
			defer stop()
			c.wait(3)
			statements.Store(0)
			fakes.take()
			for b.Loop() {
				<-c.over
			}
			b.ReportMetric(float64(statements.Load())/float64(b.N*seeds), "sql/seed")
			b.ReportMetric(float64(fakes.take().Calls)/float64(b.N*seeds), "http/seed")
		})
	}
}
