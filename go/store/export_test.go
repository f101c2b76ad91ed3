package store

import (
	"database/sql"
	"testing"
	"time"

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

// Gather holds back transitions until the returned function is called, which waits until n of them wait and has them written
// together.
func (s *Store) Gather() (write func(n int)) {
	s.moves.mu.Lock()
	s.moves.most, s.moves.running = 1, s.moves.running+1
	s.moves.mu.Unlock()
	return func(n int) {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if s.Waiting() >= n {
				break
			}
		}
		s.writeWaiting(s.moves.next())
	}
}

// Waiting is how many transitions wait to be written.
func (s *Store) Waiting() int {
	s.moves.mu.Lock()
	defer s.moves.mu.Unlock()
	return len(s.moves.waiting)
}
