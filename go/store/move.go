package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

const (
	selectVersions = `SELECT agent_seed_id, version, status IN ('Completed', 'Failed') FROM agent_seed
		WHERE agent_seed_id IN `

	// moveColumns are the values of one row of updateSeeds: those of updateSeedAlways and whether the seed is live.
	moveColumns = 23
)

// setSeed is the SET of updateSeeds, from columns named by prefix and number.
func setSeed(prefix string) string {
	columns := []string{"target_hostname", "source_hostname", "seed_method", "backup_side", "stage", "status", "retries",
		"start_timestamp", "end_timestamp", "updated_at", "version", "attempt", "not_before", "outcome",
		"error_code", "error_text", "error_hint", "error_permanent", "engine", "unfinished"}
	for i, c := range columns {
		columns[i] = fmt.Sprintf("%s = %s%d", c, prefix, i+1)
	}
	return strings.Join(columns, ", ")
}

// sqliteUpdateSeeds is updateSeed for n seeds.
func sqliteUpdateSeeds(n int) string {
	row := list(moveColumns)
	return `UPDATE agent_seed SET ` + setSeed("v.column") + ` FROM (VALUES ` + row + strings.Repeat(", "+row, n-1) + `) AS v
		WHERE agent_seed_id = v.column21 AND version = v.column22
			AND (status NOT IN ('Completed', 'Failed') OR v.column23 = 0)`
}

// mysqlUpdateSeeds is updateSeed for n seeds. The join is done in the order of its tables, so that no row is locked that is not
// written.
func mysqlUpdateSeeds(n int) string {
	first := make([]string, moveColumns)
	for i := range first {
		first[i] = fmt.Sprintf("? AS c%d", i+1)
	}
	more := ` UNION ALL SELECT ?` + strings.Repeat(", ?", moveColumns-1)
	return `UPDATE (SELECT ` + strings.Join(first, ", ") + strings.Repeat(more, n-1) + `) v
		STRAIGHT_JOIN agent_seed ON agent_seed_id = v.c21 AND version = v.c22
			AND (status NOT IN ('Completed', 'Failed') OR v.c23 = 0)
		SET ` + setSeed("v.c")
}

// writeAll does what compatible has put together. Small writes that change nothing keep their error to themselves.
func (s *Store) writeAll(ctx context.Context, tx *sql.Tx, group []*pending) error {
	for len(group) > 0 && group[0].small != nil {
		p := group[0]
		p.err = p.small(ctx, tx)
		if p.err != nil && !errors.Is(p.err, agent.ErrConflict) && !errors.Is(p.err, agent.ErrNotFound) {
			return p.err
		}
		group = group[1:]
	}
	if len(group) == 0 {
		return nil
	}
	return s.writeMoves(ctx, tx, group)
}

// writeMoves writes moves of different seeds, all or none: errUnmatched when one of the rows is not as it was read, or has
// ended and is to be live again.
func (s *Store) writeMoves(ctx context.Context, tx *sql.Tx, group []*pending) error {
	if err := s.checkFence(ctx, tx, group[0].fence); err != nil {
		return err
	}
	args := make([]any, 0, len(group)*moveColumns)
	for _, p := range group {
		args = append(append(args, p.args...), flag(p.moved.Active()))
	}
	res, err := tx.ExecContext(ctx, s.d.updateSeeds(len(group)), args...)
	if err != nil {
		return err
	}
	switch n, err := res.RowsAffected(); {
	case err != nil:
		return err
	case n != int64(len(group)):
		return errUnmatched
	}
	return s.record(ctx, tx, group...)
}

// record writes what belongs to moves.
func (s *Store) record(ctx context.Context, tx *sql.Tx, group ...*pending) error {
	var audit []agent.AuditEntry
	var rows []agent.StageState
	var ended []any // seeds whose history is thinned
	var hosts []any // targets whose downtime ends
	for _, p := range group {
		for _, r := range p.t.Rows {
			r.SeedID = p.moved.ID
			rows = append(rows, r)
		}
		audit = append(audit, p.t.Audit...)
		if p.t.EndDowntime {
			hosts = append(hosts, p.moved.TargetHost)
		}
		if !p.moved.Active() && len(p.t.Rows) > 0 {
			ended = append(ended, p.moved.ID)
		}
	}
	if err := s.addStates(ctx, tx, rows); err != nil {
		return err
	}
	if err := s.addAudit(ctx, tx, audit...); err != nil {
		return err
	}
	if err := endDowntime(ctx, tx, hosts); err != nil {
		return err
	}
	for _, p := range group {
		if err := s.beginDowntime(ctx, tx, p.t.BeginDowntime); err != nil {
			return err
		}
	}
	return thinStates(ctx, tx, ended)
}
