package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

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

// statesAtOne is how many rows one INSERT writes.
const statesAtOne = 500

// rowsOf are history rows of that seed.
func rowsOf(seedID int64, rows []agent.StageState) []agent.StageState {
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].SeedID = seedID
	}
	return rows
}

// place is where rows of a seed's history repeat each other.
type place struct {
	seed        int64
	stage, host string
}

// newestRow is the newest row of a place: stored, or about to be.
type newestRow struct {
	id           int64 // 0: about to be
	attempt      int64
	status, hash string
	repeats      int64 // to be added to a stored one, or whole
	at           any
	row          agent.StageState
}

// addStates writes history rows of seeds whose rows this transaction has written, and therefore locked: nobody else adds to
// the same histories meanwhile. A row that repeats the newest of its place is folded into it.
func (s *Store) addStates(ctx context.Context, tx *sql.Tx, rows []agent.StageState) error {
	if len(rows) == 0 {
		return nil
	}
	newest, err := newestRows(ctx, tx, rows)
	if err != nil {
		return fmt.Errorf("read the newest rows of the history: %w", err)
	}
	var add, repeat []*newestRow
	for _, r := range rows {
		r.Details = text(r.Details)
		at, hash, repeats := s.orNow(r.At), hashOf(r.Details), max(r.Repeats, 1)
		key := place{r.SeedID, string(r.Stage), r.Host}
		last := newest[key]
		if last == nil || last.status != string(r.Status) || last.attempt != r.Attempt || last.hash != hash {
			last = &newestRow{attempt: r.Attempt, status: string(r.Status), hash: hash, repeats: repeats, at: at, row: r}
			newest[key] = last
			add = append(add, last)
			continue
		}
		if last.id != 0 && last.repeats == 0 {
			repeat = append(repeat, last)
		}
		last.repeats, last.at = last.repeats+repeats, at
	}
	for _, r := range repeat {
		if _, err := tx.ExecContext(ctx, repeatState, r.repeats, r.at, r.id); err != nil {
			return fmt.Errorf("repeat a row of the history: %w", err)
		}
	}
	for chunk := range slices.Chunk(add, statesAtOne) {
		if err := insertRows(ctx, tx, chunk); err != nil {
			return fmt.Errorf("add rows to the history: %w", err)
		}
	}
	return nil
}

func newestRows(ctx context.Context, tx *sql.Tx, of []agent.StageState) (map[place]*newestRow, error) {
	var seeds []any
	seen := map[int64]bool{}
	for _, r := range of {
		if !seen[r.SeedID] {
			seen[r.SeedID] = true
			seeds = append(seeds, r.SeedID)
		}
	}
	newest := map[place]*newestRow{}
	rows, err := tx.QueryContext(ctx, selectNewest+list(len(seeds))+ofEachHost, seeds...)
	return newest, each(rows, err, func() error {
		var p place
		var n newestRow
		if err := rows.Scan(&n.id, &p.seed, &p.stage, &p.host, &n.status, &n.attempt, &n.hash); err != nil {
			return err
		}
		newest[p] = &n
		return nil
	})
}

func insertRows(ctx context.Context, tx *sql.Tx, add []*newestRow) error {
	args := make([]any, 0, 9*len(add))
	for _, n := range add {
		r := n.row
		args = append(args, r.SeedID, r.Host, r.Stage, n.at, r.Status, r.Details, r.Attempt, n.repeats, n.hash)
	}
	_, err := tx.ExecContext(ctx, insertStates+statePlaces+strings.Repeat(", "+statePlaces, len(add)-1), args...)
	return err
}

// repeated is a set of Running rows that become one: the first, with the time of the last.
type repeated struct {
	keep, repeats, attempt, seed int64
	last, stage, host            string
	hash                         string
}

// thinStates folds the Running rows of seeds that have ended: one for each stage, host, attempt and text is left.
func thinStates(ctx context.Context, tx *sql.Tx, seeds []any) error {
	if len(seeds) == 0 {
		return nil
	}
	var all []repeated
	rows, err := tx.QueryContext(ctx, selectRepeats+list(len(seeds))+ofEachText, seeds...)
	err = each(rows, err, func() error {
		var r repeated
		if err := rows.Scan(&r.keep, &r.last, &r.repeats, &r.seed, &r.stage, &r.host, &r.attempt, &r.hash); err != nil {
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
		_, err := tx.ExecContext(ctx, deleteRepeats, r.seed, r.stage, r.host, r.attempt, r.hash, r.keep)
		if err != nil {
			return fmt.Errorf("thin the history: %w", err)
		}
	}
	return nil
}
