package cloneplugin

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// A source whose target died goes on waiting for it, for clone_donor_timeout_after_network_failure minutes, and keeps its
// plugin meanwhile. So the connections that serve a clone are noted, and ended with it.

// threadsOf are the connections that serve clones to the account of this connection, from where it comes.
const threadsOf = `SELECT processlist_id FROM performance_schema.threads WHERE processlist_command = 'clone'
	AND processlist_user = SUBSTRING_INDEX(USER(), '@', 1) AND processlist_host = SUBSTRING_INDEX(USER(), '@', -1)`

func threads(ctx context.Context, src *sql.DB) ([]int64, error) {
	rows, err := src.QueryContext(ctx, threadsOf)
	if err != nil {
		return nil, queryError(err, "look for the source's side of the clone")
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// noteThreads journals the connections that serve this clone: those that were not there before it began.
func (r *running) noteThreads(ctx context.Context, w *method.Work, src *sql.DB) error {
	if r.ended == nil {
		return nil // others may have begun since
	}
	now, err := threads(ctx, src)
	if err != nil {
		return nil // a source that went away is told by the clone's end
	}
	now = slices.DeleteFunc(now, func(id int64) bool { return slices.Contains(r.Others, id) })
	if len(now) == 0 || slices.Equal(now, r.Threads) {
		return nil
	}
	r.Threads = now
	return w.Run.Remember(rememberClone, r.record)
}

// endThreads ends what serves a clone on the source that is over on the target. It does what it can: a source that is not
// reached ends them itself after a while.
func (m *ClonePlugin) endThreads(ctx context.Context, w *method.Work, r record) {
	if len(r.Threads) == 0 || w.PeerHost == "" {
		return
	}
	addr, err := donorAddress(w)
	if err != nil {
		return
	}
	src, err := m.o.Host.MySQL().Open(ctx, addr)
	if err != nil {
		m.log.Info("the source's side of the clone is left to the source", "seed", w.SeedID, "error", err)
		return
	}
	defer src.Close()
	left := func() ([]int64, error) {
		now, err := threads(ctx, src)
		return slices.DeleteFunc(now, func(id int64) bool { return !slices.Contains(r.Threads, id) }), err
	}
	if err := endConnections(ctx, src, left); err != nil {
		m.log.Warn("the source's side of the clone is not ended", "seed", w.SeedID, "error", err)
	}
}

// endConnections waits a moment for the connections to end by themselves, and ends those that are left.
func endConnections(ctx context.Context, db *sql.DB, left func() ([]int64, error)) error {
	gone := func() error {
		ids, err := left()
		if err == nil && len(ids) > 0 {
			err = fmt.Errorf("%d connections still serve the clone", len(ids))
		}
		return err
	}
	if until(ctx, 3*time.Second, gone) == nil {
		return nil
	}
	ids, err := left()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := db.ExecContext(ctx, fmt.Sprintf("KILL %d", id)); err != nil && host.Errno(err) != errNoSuchThread {
			return queryError(err, "end the source's side of the clone")
		}
	}
	return until(ctx, 10*time.Second, gone)
}

// endPeer ends, on the source, what serves a clone to the seed's target. The target's agent does that too, if it can.
func (m *ClonePlugin) endPeer(ctx context.Context, w *method.Work, db *sql.DB) error {
	if w.PeerHost == "" {
		return nil
	}
	names := []string{w.PeerHost}
	if found, err := net.DefaultResolver.LookupHost(ctx, w.PeerHost); err == nil {
		names = append(names, found...)
	}
	return endConnections(ctx, db, func() ([]int64, error) {
		rows, err := db.QueryContext(ctx, `SELECT processlist_id, processlist_host FROM performance_schema.threads
			WHERE processlist_command = 'clone' AND processlist_user = ? AND processlist_host IS NOT NULL`, m.o.Host.MySQL().User())
		if err != nil {
			return nil, queryError(err, "look for a clone that goes on")
		}
		defer rows.Close()
		var ids []int64
		for rows.Next() {
			var id int64
			var from string
			if err := rows.Scan(&id, &from); err != nil {
				return nil, err
			}
			if slices.Contains(names, from) {
				ids = append(ids, id)
			}
		}
		return ids, errors.Join(rows.Err())
	})
}
