package sandbox

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// LoadOptions say how WriteLoad writes.
type LoadOptions struct {
	// Rate is transactions a second, at most; 0 is 50.
	Rate int
	// Bulk is a table of Fill's bulk data to update rows in too ("sbtest.sbtest1"); "" for none.
	Bulk string
	// DDL alters, creates and drops a table now and then (every 200 transactions).
	DDL bool
	// Endure goes on after errors (a server that is killed and comes back); else the first one ends the load.
	Endure bool
}

// Load is a write load that runs. Its methods may be called from many goroutines.
type Load struct {
	db      *sql.DB
	opts    LoadOptions
	rows    atomic.Int64
	errs    atomic.Int64
	stop    chan struct{}
	stopped chan struct{}
	once    sync.Once
	made    string // the table that ddl made last; run's own
	err     error  // of the load's end; read after stopped
}

// WriteLoad makes the table load.t if it is not there, starts writing and returns: transactions that insert, update and
// delete rows of load.t. It goes on until ctx is done or Stop is called; a statement is never cut off half way, so that no
// row is lost that was counted and no AUTO_INCREMENT value is used up for nothing.
func WriteLoad(ctx context.Context, db *sql.DB, opts LoadOptions) (*Load, error) {
	if opts.Rate == 0 {
		opts.Rate = 50
	}
	for _, statement := range []string{
		"CREATE DATABASE IF NOT EXISTS `load` DEFAULT CHARACTER SET utf8mb4",
		"CREATE TABLE IF NOT EXISTS `load`.t (id BIGINT NOT NULL PRIMARY KEY, at BIGINT NOT NULL, changes INT NOT NULL DEFAULT 0," +
			" filler VARCHAR(200), KEY (at)) ENGINE=InnoDB",
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return nil, fmt.Errorf("start a write load: %w", err)
		}
	}
	var last int64
	if err := db.QueryRowContext(ctx, "SELECT COALESCE(MAX(id), 0) FROM `load`.t").Scan(&last); err != nil {
		return nil, fmt.Errorf("start a write load: %w", err)
	}
	l := &Load{db: db, opts: opts, stop: make(chan struct{}), stopped: make(chan struct{})}
	go l.run(ctx, last)
	return l, nil
}

// Rows is the number of rows written so far (inserted, updated or deleted, in transactions that were committed).
func (l *Load) Rows() int64 { return l.rows.Load() }

// Errors is the number of transactions that failed so far.
func (l *Load) Errors() int64 { return l.errs.Load() }

// Stop ends the load, waits for its last transaction and returns the rows written. It may be called again.
func (l *Load) Stop() (int64, error) {
	l.once.Do(func() { close(l.stop) })
	return l.Wait()
}

// Wait returns when the load has ended, by ctx, Stop or an error.
func (l *Load) Wait() (int64, error) {
	<-l.stopped
	return l.rows.Load(), l.err
}

func (l *Load) run(ctx context.Context, id int64) {
	defer close(l.stopped)
	ticker := time.NewTicker(time.Second / time.Duration(l.opts.Rate))
	defer ticker.Stop()
	for n := int64(1); ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-l.stop:
			return
		case <-ticker.C:
		}
		id += 2 // never one that a failed transaction may have written after all
		if err := l.transaction(context.WithoutCancel(ctx), n, id); err != nil {
			l.errs.Add(1)
			if !l.opts.Endure {
				l.err = fmt.Errorf("write load: %w", err)
				return
			}
		}
	}
}

type statement struct {
	query string
	args  []any
}

func (l *Load) transaction(ctx context.Context, n, id int64) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if l.opts.DDL && n%200 == 100 {
		return l.ddl(ctx, id)
	}
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing after a commit
	statements := []statement{
		{"INSERT INTO `load`.t (id, at, filler) VALUES (?, ?, ?), (?, ?, REPEAT('ü', 100))",
			[]any{id, time.Now().UnixMicro(), "filler", id + 1, time.Now().UnixMicro()}},
		{"UPDATE `load`.t SET changes = changes + 1 WHERE id = ?", []any{id - rand.Int64N(100)}},
	}
	if n%3 == 0 {
		statements = append(statements, statement{"DELETE FROM `load`.t WHERE id = ?", []any{id - 50 - rand.Int64N(100)}})
	}
	if l.opts.Bulk != "" {
		statements = append(statements, statement{"UPDATE " + l.opts.Bulk + " SET k = k + 1 WHERE id = ?", []any{1 + rand.IntN(1000)}})
	}
	var rows int64
	for _, s := range statements {
		result, err := tx.ExecContext(ctx, s.query, s.args...)
		if err != nil {
			return err
		}
		changed, err := result.RowsAffected()
		if err != nil {
			return err
		}
		rows += changed
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	l.rows.Add(rows)
	return nil
}

// ddl makes, alters and fills a table, and drops the one of the time before.
func (l *Load) ddl(ctx context.Context, id int64) error {
	name := fmt.Sprintf("`load`.made_%d", id)
	statements := []string{
		"CREATE TABLE " + name + " (id INT NOT NULL PRIMARY KEY)",
		"INSERT INTO " + name + " VALUES (1)",
		"ALTER TABLE " + name + " ADD COLUMN t VARCHAR(20) DEFAULT 'added'",
	}
	if l.made != "" {
		statements = append(statements, "DROP TABLE IF EXISTS "+l.made)
	}
	l.made = name
	for _, statement := range statements {
		if _, err := l.db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
