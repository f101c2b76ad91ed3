package quiet

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// Target is what is known of this host's server when the seed began.
type Target struct {
	Version string // as SELECT VERSION() gives it; "" where nobody knows
	Runs    bool   // it ran then, and its old data were not erased
}

// Keys of the journal: the server's next start can't be made quiet, and the server runs on the copy as a replica's would.
const (
	loudKey = "quiet-loud"
	doneKey = "quiet-done"
)

// BeforeSwap is for Restore on the target, before Keeper.Swap: it makes the first start of MySQL's server on the copy a
// quiet one. Where no server runs on old data, because it was down or its data were erased, nobody can be told; then
// AfterSwap does what can be done. It does nothing for MariaDB, whose copies Settle changes. It may be called again.
func BeforeSwap(ctx context.Context, w *method.Work, servers Servers, t Target) error {
	if strings.Contains(t.Version, "MariaDB") {
		return nil
	}
	var loud, done bool
	_, err1 := w.Run.Recall(loudKey, &loud)
	_, err2 := w.Run.Recall(doneKey, &done)
	if err := errors.Join(err1, err2); err != nil || loud || done {
		return err
	}
	db, err := servers.Open(ctx, servers.Local())
	if err != nil {
		return notAnswering(w, t, err)
	}
	defer db.Close()
	v, err := server(ctx, db)
	if err != nil {
		return notAnswering(w, t, err)
	}
	if v.Flavour != host.FlavourMySQL {
		return nil
	}
	if !v.AtLeast(8, 0, 0) { // nothing can be persisted
		return w.Run.Remember(loudKey, true)
	}
	return Hush(ctx, w, db, v)
}

// notAnswering decides what it means that the server can't be asked.
func notAnswering(w *method.Work, t Target, err error) error {
	if on, rerr := Hushed(w); rerr != nil || on { // stopped by a swap that was cut off
		return rerr
	}
	if t.Runs || host.Errno(err) != 0 {
		return &method.StageError{Code: CodeConnection, Err: err,
			Text: "the target's MySQL can't be told to start quietly on the copy, which was not put in the place of the old data",
			Hint: "start MySQL on its old data and let the agent's account in, then retry the seed"}
	}
	return w.Run.Remember(loudKey, true)
}

// AfterSwap is for Restore after Keeper.Swap, when a server runs on the copy: it makes a replica-to-be of it and undoes what
// BeforeSwap did. It does nothing for MariaDB. The error is permanent when the copy replicated from the source's source
// already: then nobody knows where it stands. It may be called again.
func AfterSwap(ctx context.Context, w *method.Work, servers Servers) error {
	db, v, err := open(ctx, servers)
	if err != nil {
		return err
	}
	defer db.Close()
	if v.Flavour != host.FlavourMySQL {
		return nil
	}
	var loud, done bool
	_, err1 := w.Run.Recall(loudKey, &loud)
	_, err2 := w.Run.Recall(doneKey, &done)
	if err := errors.Join(err1, err2); err != nil || done {
		return err
	}
	if loud || !v.AtLeast(8, 0, 24) {
		if err := neverReplicated(ctx, db, v); err != nil {
			return err
		}
	}
	if loud {
		w.Run.Say("MySQL was down, or can persist nothing: events of the source could run here from its start until now, when they are disabled")
	}
	if err := AsReplica(ctx, w, db, v); err != nil {
		return err
	}
	if err := Noisy(ctx, w, db); err != nil {
		return err
	}
	return w.Run.Remember(doneKey, true) // what was hushed is remembered: the old data have it too
}

// neverReplicated refuses a copy that may have got ahead of its position.
func neverReplicated(ctx context.Context, db *sql.DB, v host.Server) error {
	conn, err := session(ctx, db)
	if err != nil {
		return err
	}
	defer closeConn(conn)
	all, err := channels(ctx, conn, v)
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.running {
			return &method.StageError{Code: CodeReplicated, Permanent: true,
				Text: "the source is a replica, and the copy began to replicate from the source's source as soon as MySQL started on it: where it stands is not known",
				Hint: "release the seed, set skip_replica_start = ON (before MySQL 8.0.26: skip_slave_start) in the target's option file until the next seed is over, and seed again"}
		}
	}
	return nil
}

// Undo is for Release, after the old data were put back: a server that was hushed is as before. It may be called again, and
// when nothing was hushed.
func Undo(ctx context.Context, w *method.Work, servers Servers) error {
	on, err := Hushed(w)
	if err == nil && on {
		var db *sql.DB
		if db, _, err = open(ctx, servers); err == nil {
			err = errors.Join(Noisy(ctx, w, db), db.Close())
		}
	}
	if err != nil {
		return err
	}
	return errors.Join(Forget(w), w.Run.Remember(loudKey, false), w.Run.Remember(doneKey, false))
}

func open(ctx context.Context, servers Servers) (*sql.DB, host.Server, error) {
	db, err := servers.Open(ctx, servers.Local())
	if err != nil {
		return nil, host.Server{}, &method.StageError{Code: CodeConnection, Err: err, Text: "no connection to this host's MySQL",
			Hint: "the source must have the agent's account too, with the same password: the copy brings the source's accounts"}
	}
	v, err := server(ctx, db)
	if err != nil {
		db.Close()
	}
	return db, v, err
}

func server(ctx context.Context, db *sql.DB) (host.Server, error) {
	var text string
	if err := db.QueryRowContext(ctx, "SELECT VERSION()").Scan(&text); err != nil {
		return host.Server{}, queryError(err, "read the server's version")
	}
	return host.ParseServer(text)
}
