package quiet

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpsql"
)

// hushed is what a quiet start changes, as it was before.
type hushed struct {
	On        bool
	Scheduler string             // event_scheduler
	Persisted map[string]*string // persisted values by variable; nil: it was not persisted
}

// hushKey is the journal's key for it.
const hushKey = "quiet-start"

// Hush persists, for the next start of a server of MySQL 8.0 or later only, that no event runs and that no replication
// begins. The running server goes on as it is. The server keeps persisted variables in a file of its data directory; the
// target's own goes with it when the directories are swapped, and a clone over the old data leaves it alone. It may be
// called again.
func Hush(ctx context.Context, w *method.Work, db *sql.DB, v host.Server) error {
	var h hushed
	if _, err := w.Run.Recall(hushKey, &h); err != nil {
		return err
	}
	wanted, loads, err := quietStart(ctx, db, v)
	if err != nil || len(wanted) == 0 {
		return err
	}
	if !loads {
		return &method.StageError{Code: CodeServer, Permanent: true,
			Text: "the target's MySQL does not load persisted variables: it would run the source's events, and replicate from the source's source, as soon as it starts on the copy",
			Hint: "set persisted_globals_load = ON, or event_scheduler = OFF and skip_replica_start = ON, on the target until the seed is over"}
	}
	if !h.On {
		if h.Persisted, err = persisted(ctx, db, slices.Collect(maps.Keys(wanted))); err != nil {
			return err
		}
		if err := db.QueryRowContext(ctx, "SELECT @@GLOBAL.event_scheduler").Scan(&h.Scheduler); err != nil {
			return queryError(err, "read event_scheduler")
		}
		h.On = true
		if err := w.Run.Remember(hushKey, h); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if _, err := db.ExecContext(ctx, "SET PERSIST_ONLY "+name+" = "+wanted[name]); err != nil {
			return queryError(err, "persist "+name+" for the first start on the copy")
		}
	}
	return nil
}

// Hushed says whether the next start of this host's server was made a quiet one.
func Hushed(w *method.Work) (bool, error) {
	var h hushed
	_, err := w.Run.Recall(hushKey, &h)
	return h.On, err
}

// quietStart is what has to be persisted, and whether the server heeds it.
func quietStart(ctx context.Context, db *sql.DB, v host.Server) (wanted map[string]string, loads bool, err error) {
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

// Noisy undoes Hush on the server that runs now; it may be called again, and when nothing was hushed.
func Noisy(ctx context.Context, w *method.Work, db *sql.DB) error {
	var h hushed
	if _, err := w.Run.Recall(hushKey, &h); err != nil || !h.On {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(h.Persisted)) {
		statement := "RESET PERSIST IF EXISTS " + name
		if value := h.Persisted[name]; value != nil {
			statement = "SET PERSIST_ONLY " + name + " = " + dumpsql.Text(*value)
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

// Forget is for when no data directory with hushed variables is left.
func Forget(w *method.Work) error { return w.Run.Remember(hushKey, hushed{}) }
