package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/store/storetest"
)

// woken is the context of a request in a process that was stopped and has just gone on: its deadline has passed, and the timer
// that ends it has not run yet.
type woken struct{ context.Context }

func (woken) Deadline() (time.Time, bool) { return time.Now().Add(-time.Millisecond), true }

func TestRequestThatWakesUpAfterItsDeadlineWritesNothing(t *testing.T) {
	s := openSQLite(t, filepath.Join(t.TempDir(), "seed.sqlite"))
	seed, err := s.CreateSeed(t.Context(), agent.Fence{}, storetest.NewSeed("tgt", "src"), nil, agent.AuditEntry{Type: "x"}, nil, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	late := woken{t.Context()}
	next := *seed
	next.Status = agentapi.Aborting
	if _, err := s.Transition(late, agent.Fence{}, agent.Transition{Seed: next}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("late move: %v", err)
	}
	_, err = s.CreateSeed(late, agent.Fence{}, storetest.NewSeed("tgt2", "src2"), nil, agent.AuditEntry{Type: "x"}, nil, 0, 0)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("late start: %v", err)
	}
	seeds, err := s.Seeds(t.Context(), agent.SeedFilter{})
	if err != nil || len(seeds) != 1 || seeds[0].Version != 1 {
		t.Errorf("stored: %d seeds, %v", len(seeds), err)
	}
}
