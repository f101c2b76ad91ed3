package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

// CreateSeed implements agent.Store.
func (s *Store) CreateSeed(ctx context.Context, f agent.Fence, seed *agent.Seed, rows []agent.StageState, audit agent.AuditEntry,
	dt *agent.Downtime, maxActive, maxPerSource int) (*agent.Seed, error) {
	wanted := *seed
	wanted.Version = 1
	wanted.UpdatedAt = s.clock.Now()
	made, args, err := encodeSeed(wanted)
	if err != nil {
		return nil, fmt.Errorf("create seed: %w", err)
	}
	err = s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := s.guard(ctx, tx); err != nil {
			return err
		}
		if err := s.checkFence(ctx, tx, f); err != nil {
			return err
		}
		if err := refuseCreate(ctx, tx, made, maxActive, maxPerSource); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, insertSeed, args...)
		if err != nil {
			return err
		}
		if made.ID, err = res.LastInsertId(); err != nil {
			return err
		}
		if err := s.addStates(ctx, tx, rowsOf(made.ID, rows)); err != nil {
			return err
		}
		if err := s.addAudit(ctx, tx, audit); err != nil {
			return err
		}
		return s.beginDowntime(ctx, tx, dt)
	})
	if err = s.resolve(ctx, err, s.wasMade(made)); err != nil {
		return nil, fmt.Errorf("create seed of %s: %w", seed.TargetHost, err)
	}
	return made, nil
}

// move is the compare and set.
func (s *Store) move(ctx context.Context, tx *sql.Tx, moved *agent.Seed, args []any) error {
	ok, err := changedOne(tx.ExecContext(ctx, updateSeed, append(args[:len(args):len(args)], flag(moved.Active()))...))
	if err != nil || ok {
		return err
	}
	if !moved.Active() {
		return agent.ErrConflict
	}
	return s.revive(ctx, tx, moved, args)
}

// revive makes a seed that has ended live again, if its hosts are free; ErrConflict when the row has just moved on.
func (s *Store) revive(ctx context.Context, tx *sql.Tx, moved *agent.Seed, args []any) error {
	// Before the first plain read, which on MySQL fixes what this transaction sees. A deadlock with a CreateSeed and a
	// take-over of the lease, which lock in the other order, is possible and is tried again.
	if err := s.guard(ctx, tx); err != nil {
		return err
	}
	var version int64
	switch err := tx.QueryRowContext(ctx, selectSeedVersion, moved.ID).Scan(&version); {
	case err == sql.ErrNoRows || err == nil && version != moved.Version-1:
		return agent.ErrConflict
	case err != nil:
		return err
	}
	if err := refuseRevive(ctx, tx, moved); err != nil {
		return err
	}
	ok, err := changedOne(tx.ExecContext(ctx, updateSeedAlways, args...))
	if err == nil && !ok {
		err = agent.ErrConflict
	}
	return err
}
