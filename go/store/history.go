package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

// SeedStates implements agent.Queries.
func (s *Store) SeedStates(ctx context.Context, seedID int64) ([]agent.StageState, error) {
	all, err := s.states(ctx, selectStates, seedID)
	if err != nil {
		return nil, fmt.Errorf("read the history of seed %d: %w", seedID, err)
	}
	return all, nil
}

// SeedStatesSince implements agent.Queries. A reader that goes on after the last ID it got never sees a row twice, and sees a
// seed's rows in the order in which they were written. On MySQL, rows of different seeds that are written at the same moment
// may become visible in another order than that of their IDs, so such a reader may miss one; it is in SeedStates.
func (s *Store) SeedStatesSince(ctx context.Context, afterID int64, max int) ([]agent.StageState, error) {
	all, err := s.states(ctx, selectStatesSince, afterID, limit(max))
	if err != nil {
		return nil, fmt.Errorf("read the history after row %d: %w", afterID, err)
	}
	return all, nil
}

func (s *Store) states(ctx context.Context, query string, args ...any) ([]agent.StageState, error) {
	var all []agent.StageState
	rows, err := s.read.QueryContext(ctx, query, args...)
	err = each(rows, err, func() error {
		var r agent.StageState
		err := rows.Scan(&r.ID, &r.SeedID, &r.Host, &r.Stage, timeInto{&r.At}, &r.Status, &r.Details, &r.Attempt, &r.Repeats)
		if err != nil {
			return err
		}
		all = append(all, r)
		return nil
	})
	return all, err
}

// addStates writes history rows of a seed whose row this transaction has written, and therefore locked: nobody else adds to
// the same history meanwhile.
func (s *Store) addStates(ctx context.Context, tx *sql.Tx, seedID int64, rows []agent.StageState) error {
	for _, r := range rows {
		if err := s.addState(ctx, tx, seedID, r); err != nil {
			return fmt.Errorf("add a row to the history: %w", err)
		}
	}
	return nil
}

func (s *Store) addState(ctx context.Context, tx *sql.Tx, seedID int64, r agent.StageState) error {
	at := s.orNow(r.At)
	details := text(r.Details)
	hash := hashOf(details)
	repeats := max(r.Repeats, 1)
	var newest struct {
		id, attempt  int64
		status, hash string
	}
	err := tx.QueryRowContext(ctx, selectNewestState, seedID, r.Stage, r.Host).
		Scan(&newest.id, &newest.status, &newest.attempt, &newest.hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err == nil && newest.status == string(r.Status) && newest.attempt == r.Attempt && newest.hash == hash {
		_, err := tx.ExecContext(ctx, repeatState, repeats, at, newest.id)
		return err
	}
	_, err = tx.ExecContext(ctx, insertState, seedID, r.Host, r.Stage, at, r.Status, details, r.Attempt, repeats, hash)
	return err
}

// repeated is a set of Running rows that become one: the first, with the time of the last.
type repeated struct {
	keep, repeats, attempt int64
	last, stage, host      string
	hash                   string
}

// thinStates folds the Running rows of a seed that has ended: one for each stage, host, attempt and text is left.
func thinStates(ctx context.Context, tx *sql.Tx, seedID int64) error {
	var all []repeated
	rows, err := tx.QueryContext(ctx, selectRepeats, seedID)
	err = each(rows, err, func() error {
		var r repeated
		if err := rows.Scan(&r.keep, &r.last, &r.repeats, &r.stage, &r.host, &r.attempt, &r.hash); err != nil {
			return err
		}
		all = append(all, r)
		return nil
	})
	if err != nil {
		return fmt.Errorf("thin the history: %w", err)
	}
	for _, r := range all {
		if _, err := tx.ExecContext(ctx, keepRepeat, r.last, r.repeats, r.keep); err != nil {
			return fmt.Errorf("thin the history: %w", err)
		}
		_, err := tx.ExecContext(ctx, deleteRepeats, seedID, r.stage, r.host, r.attempt, r.hash, r.keep)
		if err != nil {
			return fmt.Errorf("thin the history: %w", err)
		}
	}
	return nil
}
