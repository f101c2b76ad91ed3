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
		if err := s.addStates(ctx, tx, made.ID, rows); err != nil {
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

// Transition implements agent.Store. It also refuses (ErrRefused) to make a seed that has ended live again while one of its
// hosts is taken by another seed, with the same exclusion as CreateSeed.
func (s *Store) Transition(ctx context.Context, f agent.Fence, t agent.Transition) (*agent.Seed, error) {
	wanted := t.Seed
	wanted.Version++
	wanted.UpdatedAt = s.clock.Now()
	moved, args, err := encodeSeed(wanted)
	if err != nil {
		return nil, fmt.Errorf("store seed %d: %w", t.Seed.ID, err)
	}
	args = append(args, t.Seed.ID, t.Seed.Version)
	err = s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := s.checkFence(ctx, tx, f); err != nil {
			return err
		}
		if err := s.move(ctx, tx, moved, args); err != nil {
			return err
		}
		return s.record(ctx, tx, moved, t)
	})
	if err = s.resolve(ctx, err, s.wasMoved(moved)); err != nil {
		return nil, fmt.Errorf("store seed %d: %w", t.Seed.ID, err)
	}
	return moved, nil
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

// record writes what belongs to a move.
func (s *Store) record(ctx context.Context, tx *sql.Tx, moved *agent.Seed, t agent.Transition) error {
	if err := s.addStates(ctx, tx, moved.ID, t.Rows); err != nil {
		return err
	}
	for _, e := range t.Audit {
		if err := s.addAudit(ctx, tx, e); err != nil {
			return err
		}
	}
	if err := s.beginDowntime(ctx, tx, t.BeginDowntime); err != nil {
		return err
	}
	if t.EndDowntime {
		if err := endDowntime(ctx, tx, moved.TargetHost); err != nil {
			return err
		}
	}
	if !moved.Active() && len(t.Rows) > 0 {
		return thinStates(ctx, tx, moved.ID)
	}
	return nil
}
