package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

// What our entries in database_instance_downtime carry; only such are ended by Transition.
const (
	DowntimeOwner  = "orchestrator-agent"
	DowntimeReason = "seed-in-process"
)

// beginDowntime enters dt unless somebody else's entry outlasts it.
func (s *Store) beginDowntime(ctx context.Context, tx *sql.Tx, dt *agent.Downtime) error {
	if dt == nil {
		return nil
	}
	if _, err := tx.ExecContext(ctx, deleteDowntimeBefore, dt.Host, dt.Port, dt.Owner, dbTime(dt.End)); err != nil {
		return fmt.Errorf("begin downtime: %w", err)
	}
	_, err := tx.ExecContext(ctx, s.d.insertDowntime, dt.Host, dt.Port, dbTime(dt.Begin), dbTime(dt.End), dt.Owner, dt.Reason)
	if err != nil {
		return fmt.Errorf("begin downtime: %w", err)
	}
	return nil
}

// endDowntime removes our entries of those hosts.
func endDowntime(ctx context.Context, tx *sql.Tx, hosts []any) error {
	if len(hosts) == 0 {
		return nil
	}
	if _, err := tx.ExecContext(ctx, deleteDowntime+list(len(hosts)), append([]any{DowntimeOwner, DowntimeReason}, hosts...)...); err != nil {
		return fmt.Errorf("end downtime: %w", err)
	}
	return nil
}

// Downtime returns the entry of a server; ErrNotFound when it has none that is active.
func (s *Store) Downtime(ctx context.Context, host string, port int) (*agent.Downtime, error) {
	d := agent.Downtime{Host: host, Port: port}
	err := s.read.QueryRowContext(ctx, selectDowntime, host, port).
		Scan(timeInto{&d.Begin}, timeInto{&d.End}, &d.Owner, &d.Reason)
	if errors.Is(err, sql.ErrNoRows) {
		err = agent.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("downtime of %s:%d: %w", host, port, err)
	}
	return &d, nil
}
