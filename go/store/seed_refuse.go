package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

// taken is an active seed, as far as it can be in the way of another.
type taken struct {
	id             int64
	target, source string
}

// activeBut reads the active seeds without one.
func activeBut(ctx context.Context, tx *sql.Tx, id int64) ([]taken, error) {
	var all []taken
	rows, err := tx.QueryContext(ctx, selectActiveHosts, id)
	err = each(rows, err, func() error {
		var t taken
		if err := rows.Scan(&t.id, &t.target, &t.source); err != nil {
			return err
		}
		all = append(all, t)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the active seeds: %w", err)
	}
	return all, nil
}

func refuseCreate(ctx context.Context, tx *sql.Tx, s *agent.Seed, maxActive, maxPerSource int) error {
	active, err := activeBut(ctx, tx, 0)
	if err != nil {
		return err
	}
	if err := refuseTaken(active, s); err != nil {
		return err
	}
	var readers []int64
	for _, a := range active {
		if a.source == s.SourceHost {
			readers = append(readers, a.id)
		}
	}
	if maxPerSource > 0 && len(readers) >= maxPerSource {
		return refused(s.SourceHost, fmt.Sprintf("seeds %v read from source %s already, %d may at once", readers, s.SourceHost,
			maxPerSource), "wait until one of them has ended, or raise MaxActiveSeedsPerSource")
	}
	if maxActive > 0 && len(active) >= maxActive {
		return refused(s.TargetHost, fmt.Sprintf("%d seeds are active already, the oldest is seed %d; %d may be at once",
			len(active), active[0].id, maxActive), "wait until one of them has ended, or raise MaxActiveSeeds")
	}
	return nil
}

func refuseRevive(ctx context.Context, tx *sql.Tx, s *agent.Seed) error {
	active, err := activeBut(ctx, tx, s.ID)
	if err != nil {
		return err
	}
	return refuseTaken(active, s)
}

// refuseTaken: the target must be in no other seed, and the source must not be overwritten by one.
func refuseTaken(active []taken, s *agent.Seed) error {
	for _, a := range active {
		hint := fmt.Sprintf("wait until seed %d has ended, or abort it", a.id)
		switch {
		case a.target == s.TargetHost:
			return refused(s.TargetHost, fmt.Sprintf("host %s is the target of active seed %d", s.TargetHost, a.id), hint)
		case a.source == s.TargetHost:
			return refused(s.TargetHost, fmt.Sprintf("host %s is the source of active seed %d", s.TargetHost, a.id), hint)
		case a.target == s.SourceHost:
			return refused(s.SourceHost, fmt.Sprintf("host %s is the target of active seed %d", s.SourceHost, a.id), hint)
		}
	}
	return nil
}

func refused(host, what, hint string) error {
	return &agent.OpError{Code: agent.CodeCheckFailed, Op: "start seed", Host: host, Text: what, Hint: hint, Permanent: true,
		Err: agent.ErrRefused}
}
