package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const (
	releaseLease = `UPDATE seed_leader SET expires_at = '1971-01-01 00:00:00'
		WHERE anchor = 1 AND node = ? AND holder = ? AND term = ?`
	dropLease  = `UPDATE seed_leader SET expires_at = '1971-01-01 00:00:00' WHERE anchor = 1`
	endLease   = `UPDATE seed_leader SET expires_at = '1971-01-01 00:00:00' WHERE anchor = 1`
	touchGuard = `UPDATE seed_guard SET touched = touched + 1 WHERE anchor = 2`
)

// dropDeadLease ends a lease whose holder can't live any more: on SQLite the file lock says that no other process has the
// file, so a service that was killed need not be waited for.
func (s *Store) dropDeadLease(ctx context.Context) error {
	if s.lock == nil {
		return nil
	}
	_, err := s.write.ExecContext(ctx, dropLease)
	return err
}

// AcquireLease takes the lease for node, or prolongs it, until ttl from now by the database's clock. ok is false when another
// holds it: another node, or another Store under the same node name. The term is the one to write with; it grows whenever
// the lease is taken anew, also by the node that had let it expire.
func (s *Store) AcquireLease(ctx context.Context, node string, ttl time.Duration) (term int64, ok bool, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var owner, holder string
		var live bool
		if err := tx.QueryRowContext(ctx, s.d.leaseLocked).Scan(&owner, &holder, &term, &live); err != nil {
			return err
		}
		ours := owner == node && holder == s.holder
		if ok = !live || ours; !ok {
			return nil
		}
		if !live {
			term++
		}
		_, err := tx.ExecContext(ctx, s.d.leaseTake, node, s.holder, term, ttl.Microseconds())
		return err
	})
	if err != nil {
		return 0, false, fmt.Errorf("acquire the lease: %w", err)
	}
	if !ok {
		return 0, false, nil
	}
	return term, true, nil
}

// ReleaseLease lets the lease of that term expire at once, if node still holds it.
func (s *Store) ReleaseLease(ctx context.Context, node string, term int64) error {
	err := s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, releaseLease, node, s.holder, term)
		return err
	})
	if err != nil {
		return fmt.Errorf("release the lease: %w", err)
	}
	return nil
}

// endDeadLease ends the lease of a process that was killed: whoever has the file's lock knows that it is gone, and need not
// wait for the lease to run out.
func (s *Store) endDeadLease(ctx context.Context) error {
	if _, err := s.write.ExecContext(ctx, endLease); err != nil {
		return fmt.Errorf("end the lease of an earlier process: %w", err)
	}
	return nil
}

// CurrentLease says who held the lease last, under which term, and whether it is live by the database's clock.
func (s *Store) CurrentLease(ctx context.Context) (node string, term int64, live bool, err error) {
	if err = s.read.QueryRowContext(ctx, s.d.leaseRead).Scan(&node, &term, &live); err != nil {
		return "", 0, false, fmt.Errorf("read the lease: %w", err)
	}
	return node, term, live, nil
}

// errUndo ends Ping's transaction.
var errUndo = errors.New("undo")

// Ping implements agent.Queries: it writes, and takes it back.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.tryTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		ok, err := changedOne(tx.ExecContext(ctx, touchGuard))
		if err == nil && !ok {
			err = errors.New("the guard row is missing")
		}
		if err == nil {
			err = errUndo
		}
		return err
	})
	if errors.Is(err, errUndo) {
		return nil
	}
	return fmt.Errorf("backend does not take writes: %w", err)
}
