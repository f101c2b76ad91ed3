package cloneplugin

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// hushed is what a quiet start changes, as it was before.
type hushed struct {
	On        bool
	Scheduler string             // event_scheduler
	Persisted map[string]*string // persisted values by variable; nil: it was not persisted
}

// rememberQuiet is the journal's key for it.
const rememberQuiet = "clone-quiet"

// hush persists, for the server's next start only, that no event runs and that no replication begins. The running server
// goes on as it is. The server keeps persisted variables in a file of its data directory; the target's own goes with it
// when the directories are swapped, and a clone over the old data leaves it alone.
func hush(ctx context.Context, w *method.Work, db *sql.DB, v version) error {
	var h hushed
	if _, err := w.Run.Recall(rememberQuiet, &h); err != nil {
		return err
	}
	wanted, loads, err := quietStart(ctx, db, v)
	if err != nil || len(wanted) == 0 {
		return err
	}
	if !loads {
		return permanent(CodeServer, "set persisted_globals_load = ON, or event_scheduler = OFF and skip_replica_start = ON, on the target until the seed is over", nil,
			"the target's MySQL does not load persisted variables: it would run the source's events, and replicate from the source's source, as soon as it starts on the clone")
	}
	if !h.On {
		if h.Persisted, err = persisted(ctx, db, slices.Collect(maps.Keys(wanted))); err != nil {
			return err
		}
		if err := db.QueryRowContext(ctx, "SELECT @@GLOBAL.event_scheduler").Scan(&h.Scheduler); err != nil {
			return queryError(err, "read event_scheduler")
		}
		h.On = true
		if err := w.Run.Remember(rememberQuiet, h); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if _, err := db.ExecContext(ctx, "SET PERSIST_ONLY "+name+" = "+wanted[name]); err != nil {
			return queryError(err, "persist "+name+" for the first start on the clone")
		}
	}
	return nil
}

// checkQuiet refuses the clone of a replica where nothing can keep it from replicating.
func checkQuiet(ctx context.Context, src *sql.DB, target version) error {
	if target.AtLeast(8, 0, 24) {
		return nil
	}
	channels, err := column(ctx, src, "SELECT channel_name FROM performance_schema.replication_connection_configuration")
	if err != nil {
		return queryError(err, "read the source's replication channels")
	}
	if len(channels) > 0 {
		return permanent(CodeServer, "upgrade MySQL on both hosts, clone a server that is no replica, or use another method", nil,
			"the source is a replica, and MySQL %s on the target can't be kept from replicating from the source's source when it starts on the clone", target.Version)
	}
	return nil
}

// quietStart is what has to be persisted, and whether the server heeds it.
func quietStart(ctx context.Context, db *sql.DB, v version) (wanted map[string]string, loads bool, err error) {
	wanted = map[string]string{}
	var scheduler string
	if err := db.QueryRowContext(ctx, "SELECT @@GLOBAL.event_scheduler, @@GLOBAL.persisted_globals_load").Scan(&scheduler, &loads); err != nil {
		return nil, false, queryError(err, "read event_scheduler")
	}
	if scheduler == "ON" {
		wanted["event_scheduler"] = "OFF"
	}
	skip := "skip_replica_start"
	if !v.AtLeast(8, 0, 26) {
		skip = "skip_slave_start"
	}
	if !v.AtLeast(8, 0, 24) { // no variable yet
		return wanted, loads, nil
	}
	var skips bool
	if err := db.QueryRowContext(ctx, "SELECT @@GLOBAL."+skip).Scan(&skips); err != nil {
		return nil, false, queryError(err, "read "+skip)
	}
	if !skips {
		wanted[skip] = "ON"
	}
	return wanted, loads, nil
}

func persisted(ctx context.Context, db *sql.DB, names []string) (map[string]*string, error) {
	values := map[string]*string{}
	for _, name := range names {
		var v string
		err := db.QueryRowContext(ctx, "SELECT variable_value FROM performance_schema.persisted_variables WHERE variable_name = ?", name).Scan(&v)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			values[name] = nil
		case err != nil:
			return nil, queryError(err, "read persisted variables")
		default:
			values[name] = &v
		}
	}
	return values, nil
}

// noisy undoes hush on the server that runs now; it may be called again, and when nothing was hushed.
func noisy(ctx context.Context, w *method.Work, db *sql.DB) error {
	var h hushed
	if _, err := w.Run.Recall(rememberQuiet, &h); err != nil || !h.On {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(h.Persisted)) {
		statement := "RESET PERSIST IF EXISTS " + name
		if value := h.Persisted[name]; value != nil {
			statement = "SET PERSIST_ONLY " + name + " = " + text(*value)
		}
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return queryError(err, "put the persisted "+name+" back")
		}
	}
	if h.Scheduler == "ON" {
		if _, err := db.ExecContext(ctx, "SET GLOBAL event_scheduler = ON"); err != nil {
			return queryError(err, "turn the event scheduler on again")
		}
	}
	return nil
}

// forgetQuiet is for when no data directory with hushed variables is left.
func forgetQuiet(w *method.Work) error { return w.Run.Remember(rememberQuiet, hushed{}) }

// asReplica makes of a copy what a replica is: its events are disabled as replication would have made them, and the
// channels that came with the copy of a replica are forgotten.
func asReplica(ctx context.Context, w *method.Work, db *sql.DB, v version) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return connectionError(err, "this host's MySQL")
	}
	defer func() { _ = closeConn(conn) }()
	for _, q := range []string{"SET SESSION sql_log_bin = 0", "SET SESSION sql_mode = ''", "SET NAMES utf8mb4"} {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return queryError(err, q)
		}
	}
	if err := forgetChannels(ctx, w, conn, v); err != nil {
		return err
	}
	n, err := disableEvents(ctx, conn, v)
	if n > 0 {
		w.Run.Say(fmt.Sprintf("%d events of the source are disabled here, as on a replica", n))
	}
	return err
}

func forgetChannels(ctx context.Context, w *method.Work, conn *sql.Conn, v version) error {
	channels, err := column(ctx, conn, `SELECT channel_name FROM performance_schema.replication_connection_configuration WHERE channel_name NOT LIKE 'group\_replication\_%'`)
	if err != nil {
		return queryError(err, "read replication channels")
	}
	reset := "RESET SLAVE ALL"
	if v.AtLeast(8, 0, 22) {
		reset = "RESET REPLICA ALL"
	}
	for _, c := range channels {
		if _, err := conn.ExecContext(ctx, reset+" FOR CHANNEL "+text(c)); err != nil {
			return queryError(err, "forget the replication channels of the source")
		}
	}
	if len(channels) > 0 {
		w.Run.Say(fmt.Sprintf("forgot %d replication channels that came with the clone: the source is a replica itself", len(channels)))
	}
	return nil
}
