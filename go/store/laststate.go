package store

import (
	"context"
	"fmt"
)

const selectLastState = `SELECT COALESCE(MAX(agent_seed_state_id), 0) FROM agent_seed_state`

// LastStateID implements agent.Queries.
func (s *Store) LastStateID(ctx context.Context) (id int64, err error) {
	if err := s.read.QueryRowContext(ctx, selectLastState).Scan(&id); err != nil {
		return 0, fmt.Errorf("read the newest row of history: %w", err)
	}
	return id, nil
}
