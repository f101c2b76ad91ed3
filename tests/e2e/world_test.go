package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

const (
	seedTime  = 2 * time.Minute  // most that a seed of these sizes may take, on a busy machine
	replyTime = 20 * time.Second // most for anything that should be there at once
)

// world is a fleet in a test.
type world struct {
	*fleet.Fleet
	t   *testing.T
	ctx context.Context
}

// start starts a fleet that ends with the test. A failed test tells the story of its seeds.
func start(t *testing.T, o fleet.Options) *world {
	t.Helper()
	sandbox.Require(t, o.Kind)
	o.Programs, o.Dir = programs, t.TempDir()
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	t.Cleanup(cancel)
	f, err := fleet.Start(ctx, o)
	if err != nil {
		t.Fatalf("start a fleet: %v", err)
	}
	w := &world{Fleet: f, t: t, ctx: ctx}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Errorf("end the fleet: %v", err)
		}
	})
	t.Cleanup(w.tell)
	return w
}

// tell logs the stories of all seeds if the test failed.
func (w *world) tell() {
	if !w.t.Failed() {
		return
	}
	for id := int64(1); ; id++ {
		s, err := w.Details(w.ctx, id)
		if err != nil {
			if id == 1 {
				w.t.Logf("no seed:\n%s", w.Story(w.ctx, id))
			}
			return
		}
		w.t.Logf("seed %d is at %s/%s, %s %s (%s)\n%s", id, s.Stage, s.Status, s.ErrorCode, s.ErrorText, s.Hint, w.Story(w.ctx, id))
	}
}

func (w *world) must(err error, doing string) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("%s: %v", doing, err)
	}
}

// until waits until f is content.
func (w *world) until(what string, f func() error) {
	w.t.Helper()
	w.must(fleet.Until(w.ctx, replyTime, f), what)
}

// seed starts a seed by Mysqldump.
func (w *world) seed() int64 {
	w.t.Helper()
	return w.seedBy(agentapi.Mysqldump)
}

func (w *world) seedBy(method agentapi.Method) int64 {
	w.t.Helper()
	id, err := w.Seed(w.ctx, method)
	w.must(err, "start a seed")
	return id
}

// completed waits for the seed's end, which must be Completed, without a retry on the way.
func (w *world) completed(id int64) seedapi.Seed {
	w.t.Helper()
	s, err := w.WaitEnd(w.ctx, id, seedTime)
	w.must(err, "wait for the seed's end")
	if s.Status != agentapi.Completed || s.Stage != agentapi.Cleanup {
		w.t.Fatalf("the seed ended as %s/%s: %s", s.Stage, s.Status, s.ErrorText)
	}
	states, err := w.States(w.ctx, id)
	w.must(err, "read the history")
	for _, st := range states {
		if st.Status == agentapi.Error || st.Status == agentapi.Failed {
			w.t.Errorf("on the way: %s on %s: %s: %s", st.Stage, st.Hostname, st.Status, st.Details)
		}
	}
	return s
}

// load starts a write load on the source. The function it returns ends it; it must have written all the time.
func (w *world) load(o sandbox.LoadOptions) (stop func()) {
	w.t.Helper()
	l, err := sandbox.WriteLoad(w.ctx, w.source(), o)
	w.must(err, "start the write load")
	w.until("the load's first rows", func() error {
		if l.Rows() == 0 {
			return errors.New("nothing was written yet")
		}
		return nil
	})
	before := l.Rows()
	return func() {
		w.t.Helper()
		rows, err := l.Stop()
		w.must(err, "write load")
		if rows -= before; rows < 100 {
			w.t.Errorf("%d rows were written during the seed, want hundreds", rows)
		}
		w.t.Logf("%d rows were written during the seed", rows)
	}
}

func (w *world) source() *sql.DB { return w.Source.Server.Open("") }

func (w *world) target() *sql.DB { return w.Target.Server.Open("") }

func (w *world) exec(db *sql.DB, statements ...string) {
	w.t.Helper()
	for _, s := range statements {
		if _, err := db.ExecContext(w.ctx, s); err != nil {
			w.t.Fatalf("%s: %v", s, err)
		}
	}
}

// rows reads a whole answer, by column; NULL is "".
func (w *world) rows(db *sql.DB, query string, args ...any) []map[string]string {
	w.t.Helper()
	found, err := queryRows(w.ctx, db, query, args...)
	w.must(err, query)
	return found
}

func queryRows(ctx context.Context, db *sql.DB, query string, args ...any) ([]map[string]string, error) {
	answer, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	columns, err := answer.Columns()
	if err != nil {
		return nil, err
	}
	var all []map[string]string
	for answer.Next() {
		values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := answer.Scan(into...); err != nil {
			return nil, err
		}
		row := map[string]string{}
		for i, c := range columns {
			row[c] = values[i].String
		}
		all = append(all, row)
	}
	return all, answer.Err()
}

// said is what a run of the command line left behind.
type said struct {
	out, err string
	status   int
}

// cli runs the command line against the service.
func (w *world) cli(args ...string) said {
	w.t.Helper()
	cmd := exec.CommandContext(w.ctx, programs.Seed, args...)
	cmd.Env = append(os.Environ(), "ORCHESTRATOR_API="+w.Service.URL)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		w.t.Errorf("run %v: %v", args, err)
	}
	return said{out: out.String(), err: errs.String(), status: cmd.ProcessState.ExitCode()}
}

// cliOK is cli that must end with 0.
func (w *world) cliOK(args ...string) string {
	w.t.Helper()
	s := w.cli(args...)
	if s.status != 0 {
		w.t.Fatalf("%v ended with %d: %s%s", args, s.status, s.out, s.err)
	}
	return s.out
}
