package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

const maxTries = 8

// inTx does work in one transaction, again when the database gave up for a passing reason and nothing was committed: work
// must bear being called more than once.
func (s *Store) inTx(ctx context.Context, work func(ctx context.Context, tx *sql.Tx) error) error {
	for try := 1; ; try++ {
		committing, err := s.tryTx(ctx, work)
		if err == nil || try == maxTries || ctx.Err() != nil || !s.d.retryable(err, committing) {
			return diskFull(err)
		}
		pause := time.Duration(1+rand.IntN(8<<min(try, 5))) * time.Millisecond
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// tryTx also says whether the commit was on its way when the error came: then what became of it is not known.
func (s *Store) tryTx(ctx context.Context, work func(ctx context.Context, tx *sql.Tx) error) (committing bool, err error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("begin: %w", err)
	}
	err = work(ctx, tx)
	if err == nil {
		err = inTime(ctx)
	}
	if err != nil {
		if back := tx.Rollback(); back != nil && !errors.Is(back, sql.ErrTxDone) {
			err = fmt.Errorf("%w (and rolling back: %w)", err, back)
		}
		return false, err
	}
	if err := tx.Commit(); err != nil {
		return true, fmt.Errorf("commit: %w", s.d.commitError(err))
	}
	return false, nil
}

// inTime refuses when the deadline has passed. A process that was stopped and goes on may come here before its timer has
// ended ctx.
func inTime(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return nil
}

// guard excludes every other transaction that decides from many rows, until this one ends.
func (s *Store) guard(ctx context.Context, tx *sql.Tx) error {
	if s.d.lockGuard == "" {
		return nil // the transaction is the only writer already
	}
	var anchor int
	if err := tx.QueryRowContext(ctx, s.d.lockGuard).Scan(&anchor); err != nil {
		return fmt.Errorf("lock the guard row: %w", err)
	}
	return nil
}

// checkFence refuses when the lease has changed hands since f was given, and keeps it from changing until tx ends.
func (s *Store) checkFence(ctx context.Context, tx *sql.Tx, f agent.Fence) error {
	if f.Term == 0 {
		return nil
	}
	var term int64
	if err := tx.QueryRowContext(ctx, s.d.lockTerm).Scan(&term); err != nil {
		return fmt.Errorf("read the leader's term: %w", err)
	}
	if term != f.Term {
		return fmt.Errorf("term is %d, write is of term %d: %w", term, f.Term, agent.ErrFenced)
	}
	return nil
}

// each calls row for each row of a query.
func each(rows *sql.Rows, err error, row func() error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(); err != nil {
			return err
		}
	}
	return rows.Err()
}

func changedOne(res sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}
