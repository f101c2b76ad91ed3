package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

const (
	selectWorkVersions = `SELECT s.agent_seed_id, s.version, COALESCE(w.wakes, 0)
		FROM agent_seed s LEFT JOIN seed_wake w ON w.agent_seed_id = s.agent_seed_id
		WHERE s.unfinished = 1 ORDER BY s.agent_seed_id`
	insertWake = `INSERT INTO seed_wake (agent_seed_id, wakes) VALUES (?, 1)`
	deleteWake = `DELETE FROM seed_wake WHERE agent_seed_id = ?`
)

// WorkVersions implements agent.Store.
func (s *Store) WorkVersions(ctx context.Context) ([]agent.SeedVersion, error) {
	var all []agent.SeedVersion
	rows, err := s.read.QueryContext(ctx, selectWorkVersions)
	err = each(rows, err, func() error {
		var v agent.SeedVersion
		if err := rows.Scan(&v.ID, &v.Version, &v.Wakes); err != nil {
			return err
		}
		all = append(all, v)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the versions of the seeds to work on: %w", err)
	}
	return all, nil
}

// WakeSeed implements agent.Store.
func (s *Store) WakeSeed(ctx context.Context, id int64) error {
	err := s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var version int64
		err := tx.QueryRowContext(ctx, selectSeedVersion, id).Scan(&version)
		if errors.Is(err, sql.ErrNoRows) {
			return agent.ErrNotFound
		}
		if err == nil {
			_, err = tx.ExecContext(ctx, s.d.upsertWake, id)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("wake seed %d: %w", id, err)
	}
	return nil
}
