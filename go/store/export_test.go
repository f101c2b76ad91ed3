package store

import (
	"database/sql"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

// BeginAsPaused begins a write under the lease as Transition does, and stops there.
func BeginAsPaused(t *testing.T, s *Store, term int64) *sql.Tx {
	t.Helper()
	tx, err := s.write.BeginTx(t.Context(), nil)
	if err == nil {
		err = s.checkFence(t.Context(), tx, agent.Fence{Term: term})
	}
	if err != nil {
		t.Fatal(err)
	}
	return tx
}
