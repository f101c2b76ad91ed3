package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

const (
	// insertAudits is followed by as many rows of auditPlaces as there are.
	insertAudits = `INSERT INTO audit (audit_timestamp, audit_type, hostname, port, message) VALUES `
	auditPlaces  = `(?, ?, ?, ?, ?)`
	auditAtOne   = 500
	insertUser   = `INSERT INTO seed_audit_user (audit_id, user_name) VALUES (?, ?)`

	selectAudit = `SELECT a.audit_id, a.audit_timestamp, a.audit_type, a.hostname, a.port, a.message,
			COALESCE(u.user_name, '')
		FROM audit a LEFT JOIN seed_audit_user u ON u.audit_id = a.audit_id
		ORDER BY a.audit_id DESC LIMIT ? OFFSET ?`

	selectOldAudit  = `SELECT COALESCE(MIN(audit_id), 0), COALESCE(MAX(audit_id), 0) FROM audit WHERE audit_timestamp < ?`
	deleteOldUsers  = `DELETE FROM seed_audit_user WHERE audit_id IN (SELECT audit_id FROM audit WHERE audit_id BETWEEN ? AND ? AND audit_timestamp < ?)`
	deleteOldAudit  = `DELETE FROM audit WHERE audit_id BETWEEN ? AND ? AND audit_timestamp < ?`
	purgeAuditAtOne = 5000
	purgeSeedsAtOne = 100
)

// Audit implements agent.Store.
func (s *Store) Audit(ctx context.Context, e agent.AuditEntry) error {
	return s.writeSmall(ctx, len(e.Message), func(ctx context.Context, tx *sql.Tx) error { return s.addAudit(ctx, tx, e) })
}

// addAudit writes lines in their order, those without a user together.
func (s *Store) addAudit(ctx context.Context, tx *sql.Tx, entries ...agent.AuditEntry) error {
	for len(entries) > 0 {
		n := slices.IndexFunc(entries, func(e agent.AuditEntry) bool { return e.User != "" })
		switch {
		case n < 0:
			n = len(entries)
		case n == 0:
			n = 1
		}
		n = min(n, auditAtOne)
		if err := s.insertAudit(ctx, tx, entries[:n]); err != nil {
			return err
		}
		entries = entries[n:]
	}
	return nil
}

// insertAudit writes lines of which only a single one has a user: the numbers of several are not known.
func (s *Store) insertAudit(ctx context.Context, tx *sql.Tx, entries []agent.AuditEntry) error {
	args := make([]any, 0, 5*len(entries))
	for _, e := range entries {
		args = append(args, s.orNow(e.At), e.Type, e.Host, e.Port, text(e.Message))
	}
	res, err := tx.ExecContext(ctx, insertAudits+auditPlaces+strings.Repeat(", "+auditPlaces, len(entries)-1), args...)
	if err != nil {
		return fmt.Errorf("write the audit: %w", err)
	}
	if entries[0].User == "" {
		return nil
	}
	id, err := res.LastInsertId()
	if err == nil {
		_, err = tx.ExecContext(ctx, insertUser, id, text(entries[0].User))
	}
	if err != nil {
		return fmt.Errorf("write the audit's user: %w", err)
	}
	return nil
}

// AuditPage implements agent.Queries. Lines that come in between two pages push older ones onto the next page.
func (s *Store) AuditPage(ctx context.Context, page, perPage int) ([]agent.AuditRow, error) {
	var all []agent.AuditRow
	rows, err := s.read.QueryContext(ctx, selectAudit, limit(perPage), max(page, 0)*perPage)
	err = each(rows, err, func() error {
		var r agent.AuditRow
		err := rows.Scan(&r.ID, timeInto{&r.At}, &r.Type, &r.Host, &r.Port, &r.Message, &r.User)
		if err != nil {
			return err
		}
		all = append(all, r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the audit: %w", err)
	}
	return all, nil
}

// Purge implements agent.Store, in small transactions; a zero time purges nothing of its kind.
func (s *Store) Purge(ctx context.Context, seedsBefore, auditBefore time.Time) error {
	if !seedsBefore.IsZero() {
		if err := s.purgeSeeds(ctx, dbTime(seedsBefore)); err != nil {
			return fmt.Errorf("purge seeds: %w", err)
		}
	}
	if !auditBefore.IsZero() {
		if err := s.purgeAudit(ctx, dbTime(auditBefore)); err != nil {
			return fmt.Errorf("purge the audit: %w", err)
		}
	}
	return nil
}

func (s *Store) purgeSeeds(ctx context.Context, before any) error {
	for {
		var ids []int64
		rows, err := s.write.QueryContext(ctx, selectOldSeeds, before, purgeSeedsAtOne)
		err = each(rows, err, func() error {
			var id int64
			if err := rows.Scan(&id); err != nil {
				return err
			}
			ids = append(ids, id)
			return nil
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			if err := s.purgeSeed(ctx, id, before); err != nil {
				return err
			}
		}
	}
}

func (s *Store) purgeSeed(ctx context.Context, id int64, before any) error {
	return s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		ok, err := changedOne(tx.ExecContext(ctx, deleteOldSeed, id, before))
		if err == nil && ok {
			_, err = tx.ExecContext(ctx, deleteStates, id)
		}
		if err == nil && ok {
			_, err = tx.ExecContext(ctx, deleteWake, id)
		}
		return err
	})
}

func (s *Store) purgeAudit(ctx context.Context, before any) error {
	var from, to int64
	if err := s.read.QueryRowContext(ctx, selectOldAudit, before).Scan(&from, &to); err != nil || to == 0 {
		return err
	}
	for ; from <= to; from += purgeAuditAtOne {
		last := min(from+purgeAuditAtOne-1, to)
		err := s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, deleteOldUsers, from, last, before); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, deleteOldAudit, from, last, before)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
