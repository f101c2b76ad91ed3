package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/go/store"
	"github.com/orchestrator-seed/orchestrator-seed/go/store/storetest"
)

func onEachBackend(b *testing.B, bench func(b *testing.B, s *store.Store)) {
	b.Run("sqlite3", func(b *testing.B) { bench(b, openSQLite(b, filepath.Join(b.TempDir(), "seed.sqlite"))) })
	for _, kind := range []sandbox.Kind{sandbox.MariaDB, sandbox.MySQL97} {
		b.Run(string(kind), func(b *testing.B) {
			// The default of servers out there, where the sandbox's is quicker: each commit is on disk.
			server := &backend{server: sandbox.StartT(b, sandbox.Options{Kind: kind, Extra: []string{"innodb_flush_log_at_trx_commit=1"}})}
			bench(b, open(b, server.newDatabase(b)))
		})
	}
}

// One poll of a running seed as the engine stores it: the row, one history row, one line of audit, under a lease.
func BenchmarkTransition(b *testing.B) {
	onEachBackend(b, func(b *testing.B, s *store.Store) {
		term, _, err := s.AcquireLease(b.Context(), "bench", time.Hour)
		if err != nil {
			b.Fatal(err)
		}
		seed, err := s.CreateSeed(b.Context(), agent.Fence{}, storetest.NewSeed("tgt", "src"), nil, agent.AuditEntry{Type: "x"}, nil, 0, 0)
		if err != nil {
			b.Fatal(err)
		}
		for i := 0; b.Loop(); i++ {
			seed, err = s.Transition(b.Context(), agent.Fence{Term: term}, agent.Transition{Seed: *seed,
				Rows:  []agent.StageState{{Stage: agentapi.Prepare, Host: "tgt", Status: agentapi.Running, Attempt: 1, Details: fmt.Sprint(i)}},
				Audit: []agent.AuditEntry{{Type: "seed-transition", Host: "tgt", Port: 3306, Message: "polled"}}})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// 50 seeds to work on, among 2,000 that have ended.
func BenchmarkWorkSeeds(b *testing.B) {
	onEachBackend(b, func(b *testing.B, s *store.Store) {
		for i := range 2050 {
			makeSeed(b, s, i, i >= 2000)
		}
		for b.Loop() {
			work, err := s.WorkSeeds(context.Background())
			if err != nil || len(work) != 50 {
				b.Fatal(len(work), err)
			}
		}
	})
}

func makeSeed(b *testing.B, s *store.Store, i int, active bool) {
	b.Helper()
	in := storetest.NewSeed(fmt.Sprint("tgt", i), fmt.Sprint("src", i))
	if !active {
		in.Status, in.EndedAt = agentapi.Completed, storetest.T0
	}
	if _, err := s.CreateSeed(b.Context(), agent.Fence{}, in, nil, agent.AuditEntry{Type: "x"}, nil, 0, 0); err != nil {
		b.Fatal(err)
	}
}
