package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

// A COMMIT whose answer is lost may have been done. It is never sent again: the database is asked afterwards, under the lock
// that the lost transaction holds for as long as it is neither done nor undone, so that its answer is final.

const (
	selectMade = `SELECT agent_seed_id FROM agent_seed
		WHERE target_hostname = ? AND source_hostname = ? AND seed_method = ? AND start_timestamp = ?`

	// resolveTime is how long the database is asked; a fail-over takes a while.
	resolveTime = 20 * time.Second
)

// unknownError is a COMMIT of which nobody knows what became.
type unknownError struct{ cause error }

func (e *unknownError) Error() string {
	return "whether it was stored is not known: " + e.cause.Error()
}

func (e *unknownError) Unwrap() error { return e.cause }

// mysqlCommit marks the error of a COMMIT that the server did not refuse by itself. A refusal by the replication plugin
// before the commit is none: the group may have taken what this server gave up.
func mysqlCommit(err error) error {
	var e *mysql.MySQLError
	if errors.As(err, &e) && e.Number != erHookFailed {
		return err
	}
	return &unknownError{err}
}

func sqliteCommit(err error) error { return err } // no line that could break

// resolve calls look in a transaction when err says that an outcome is unknown: err is nil if look finds it stored.
func (s *Store) resolve(ctx context.Context, err error, look func(ctx context.Context, tx *sql.Tx) (stored bool, err error)) error {
	lost, ok := errors.AsType[*unknownError](err)
	if !ok {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), resolveTime)
	defer cancel()
	var stored bool
	for {
		asked := s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
			stored, err = look(ctx, tx)
			return err
		})
		switch {
		case asked == nil && stored:
			return nil
		case asked == nil:
			return fmt.Errorf("it was not stored: %w", lost.cause)
		case ctx.Err() != nil:
			return errors.Join(err, asked)
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, asked)
		case <-time.After(primaryPause):
		}
	}
}

// wasMoved looks whether the row is as this transition would have left it; if so it does not matter who wrote it.
func (s *Store) wasMoved(wanted *agent.Seed) func(context.Context, *sql.Tx) (bool, error) {
	return func(ctx context.Context, tx *sql.Tx) (bool, error) {
		have, err := scanSeed(tx.QueryRowContext(ctx, s.d.selectSeedLocked, wanted.ID))
		if errors.Is(err, sql.ErrNoRows) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		_, there, err := encodeSeed(*have)
		if err != nil {
			return false, err
		}
		_, here, err := encodeSeed(*wanted)
		return err == nil && reflect.DeepEqual(there, here), err
	}
}

// wasMade looks for the seed by what never changes of it: no two of one target and source begin in the same microsecond,
// because one would be refused. made is filled in as it is by now.
func (s *Store) wasMade(made *agent.Seed) func(context.Context, *sql.Tx) (bool, error) {
	return func(ctx context.Context, tx *sql.Tx) (bool, error) {
		if err := s.guard(ctx, tx); err != nil {
			return false, err
		}
		var id int64
		err := tx.QueryRowContext(ctx, selectMade, made.TargetHost, made.SourceHost, made.Method, dbTime(made.StartedAt)).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		have, err := scanSeed(tx.QueryRowContext(ctx, selectSeed, id))
		if err != nil {
			return false, err
		}
		*made = *have
		return true, nil
	}
}
