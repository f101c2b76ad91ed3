package mysqldump

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpsql"
)

// rememberLoading is the journal's key for a target whose own schemas are gone and whose new ones are not complete.
const rememberLoading = "loading"

// rememberErased is the journal's key for a target whose own schemas are gone.
const rememberErased = "erased"

// rememberDropping is the journal's key for the target's own schemas, all of them, while Restore may have dropped some.
const rememberDropping = "dropping"

// noteSchemas remembers what is about to be dropped; an earlier attempt's list, which was longer, stays.
func noteSchemas(w *method.Work, schemas []string) error {
	var noted []string
	if _, err := w.Run.Recall(rememberDropping, &noted); err != nil || len(noted) > 0 {
		return err
	}
	return w.Run.Remember(rememberDropping, schemas)
}

// tellOldData tells what became of the target's old data, as far as it is known: an earlier attempt may have dropped it.
func tellOldData(w *method.Work) error {
	var erased bool
	if _, err := w.Run.Recall(rememberErased, &erased); err != nil {
		return err
	}
	if erased {
		return w.Run.OldData(agentapi.OldDataErased, "")
	}
	return w.Run.OldData(agentapi.OldDataInPlace, "")
}

// stopHalfway ends what a Restore that failed or was cancelled has left running in the server, before anyone is told that it
// is over: a statement that waits for a lock would otherwise be carried out later, when nobody wants it any more. A server
// that can't be asked now has nothing running, or is asked by the next attempt or by Release.
func (l *loader) stopHalfway(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	if err := l.m.endConnections(ctx, l.w, l.db); err != nil {
		l.w.Run.Say("warning: " + err.Error())
	}
}

// emptyHalfLoaded leaves a target empty that Restore has left with a part of the source's data, or of its own: half could
// pass for the whole. Its own accounts are put back: without them nobody could repair it.
func (m *Mysqldump) emptyHalfLoaded(ctx context.Context, w *method.Work) error {
	var loading bool
	var own []string
	_, err := w.Run.Recall(rememberLoading, &loading)
	if _, oerr := w.Run.Recall(rememberDropping, &own); err != nil || oerr != nil || !loading && len(own) == 0 {
		return errors.Join(err, oerr)
	}
	db, err := m.o.Servers.Open(ctx, m.o.Servers.Local())
	if err != nil {
		return fmt.Errorf("remove the part of the copy that was loaded: %w", err)
	}
	defer db.Close()
	s, err := openSession(ctx, db)
	if err != nil {
		return err
	}
	defer s.end()
	schemas, err := userSchemas(ctx, s.Conn)
	if err != nil {
		return loadError(err, "reading the target's schemas")
	}
	missing := func(name string) bool { return !slices.Contains(schemas, name) }
	if loading || slices.ContainsFunc(own, missing) { // else nothing was dropped yet
		if err := dropSchemas(ctx, s, schemas, func(string) {}); err != nil {
			return err
		}
	}
	if err := m.putAccountsBack(ctx, w, s); err != nil {
		return err
	}
	return errors.Join(w.Run.Remember(rememberDropping, []string{}), w.Run.Remember(rememberLoading, false))
}

func dropSchemas(ctx context.Context, s *session, schemas []string, what func(string)) error {
	for _, name := range schemas {
		what("dropping " + name)
		if err := s.exec(ctx, "DROP DATABASE IF EXISTS "+dumpsql.Name(name)); err != nil {
			return err
		}
	}
	return nil
}

// gone waits until look finds nothing more, looking a few times a second.
func gone(ctx context.Context, look func() (left []string, err error)) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		left, err := look()
		if err != nil || len(left) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("still there: %v", left), ctx.Err())
		case <-tick.C:
		}
	}
}
