package runner

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/journal"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
)

// receiver is a method whose Prepare opens f and whose Backup waits for it.
func receiver(f func(ctx context.Context, w *method.Work, run method.Runner) error) *methodtest.Method {
	return &methodtest.Method{
		OnPrepare: func(_ context.Context, w *method.Work) error {
			return w.Run.Background(func(ctx context.Context, run method.Runner) error { return f(ctx, w, run) })
		},
		OnBackup: join,
	}
}

func join(ctx context.Context, w *method.Work) error { return w.Run.Join(ctx) }

// familyUntil is a family that ends well when the file "go" is in the backup directory.
func (w *world) familyUntil(ctx context.Context, mw *method.Work, run method.Runner) error {
	const script = `sleep 300 & a=$!; setsid sleep 300 & b=$!; echo $a $b $$ >"$1/back.new"; mv "$1/back.new" "$1/back"
while ! test -e "$1/go"; do sleep 0.01; done; kill $a $b`
	return run.Command(ctx, nil, "sh", "-c", script, "sh", w.backup).Run()
}

func (w *world) backPids() []int {
	w.t.Helper()
	w.until("back")
	return w.numbers(filepath.Join(w.backup, "back"))
}

func TestReceivingEndOutlivesPrepareAndBackupWaitsForIt(t *testing.T) {
	w := newWorld(t)
	m := receiver(func(ctx context.Context, mw *method.Work, run method.Runner) error {
		run.Say("waiting for the source")
		run.Progress(7, 100, "receiving")
		if err := w.familyUntil(ctx, mw, run); err != nil {
			return err
		}
		run.Progress(100, 100, "receiving")
		run.Say("all received")
		return run.Remember("received", 100)
	})
	r, _ := w.open(m)
	start(t, r, 7, agentapi.Prepare, 1)
	completed(t, r, 7, agentapi.Prepare)
	pids := w.backPids()
	if _, err := r.Metadata(context.Background(), 7, agentapi.Mysqldump); err != nil { // a run beside it
		t.Error(err)
	}
	start(t, r, 7, agentapi.Backup, 2)
	until(t, "the progress is Backup's", func() bool {
		s, err := r.State(7, agentapi.Backup, 2)
		return err == nil && s.Progress != nil && s.Progress.Bytes == 7
	})
	if len(alive(pids)) != 3 {
		t.Fatalf("the family ended with Prepare: %v", alive(pids))
	}
	w.touch("go")
	completed(t, r, 7, agentapi.Backup)
	s, err := r.State(7, agentapi.Backup, 2)
	if err != nil || s.Progress.Bytes != 100 || len(s.Said) != 1 || !strings.HasSuffix(s.Said[0], "all received") {
		t.Errorf("%+v %v", s, err)
	}
	if s, err := r.State(7, agentapi.Prepare, 1); err != nil || len(s.Said) != 1 || !strings.HasSuffix(s.Said[0], "waiting for the source") {
		t.Errorf("%+v %v", s, err)
	}
	noneAlive(t, pids)
}

func TestErrorOfTheReceivingEndIsThatOfTheStageThatJoins(t *testing.T) {
	for _, stage := range []agentapi.Stage{agentapi.Backup, agentapi.Restore} { // with our service, and with one of others
		w := newWorld(t)
		m := receiver(func(context.Context, *method.Work, method.Runner) error {
			return &method.StageError{Code: "stream-cut", Text: "the stream was cut", Hint: "Look at the source.", Permanent: true}
		})
		m.OnRestore = join
		r, end := w.open(m)
		start(t, r, 7, agentapi.Prepare, 1)
		completed(t, r, 7, agentapi.Prepare)
		start(t, r, 7, stage, 2)
		if s := state(t, r, 7, stage); s.ErrorCode != "stream-cut" || s.Hint != "Look at the source." || !s.Permanent || s.Details != "the stream was cut" {
			t.Errorf("%+v", s)
		}
		end() // and another agent remembers it
		r, _ = w.open(m)
		start(t, r, 7, stage, 3)
		if s := state(t, r, 7, stage); s.ErrorCode != "stream-cut" || s.Hint != "Look at the source." || !s.Permanent || s.Details != "the stream was cut" {
			t.Errorf("after a restart: %+v", s)
		}
	}
}

func TestJoinWithoutAReceivingEndSaysSo(t *testing.T) {
	r, _ := newWorld(t).open(&methodtest.Method{OnPrepare: func(ctx context.Context, w *method.Work) error {
		if err := w.Run.Join(ctx); !errors.Is(err, method.ErrNoBackground) {
			return fmt.Errorf("join: %w", err)
		}
		return nil
	}})
	start(t, r, 7, agentapi.Prepare, 1)
	completed(t, r, 7, agentapi.Prepare)
}

func TestJoinsContextBoundsTheWaitingOnly(t *testing.T) {
	m := receiver(func(ctx context.Context, _ *method.Work, _ method.Runner) error { return hang(ctx, nil) })
	m.OnRestore = func(ctx context.Context, w *method.Work) error {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		if err := w.Run.Join(ctx); !errors.Is(err, context.Canceled) {
			return fmt.Errorf("join: %w", err)
		}
		return nil
	}
	r, _ := newWorld(t).open(m)
	start(t, r, 7, agentapi.Prepare, 1)
	completed(t, r, 7, agentapi.Prepare)
	start(t, r, 7, agentapi.Restore, 2)
	completed(t, r, 7, agentapi.Restore)
	if _, err := r.Start(request(8, agentapi.Prepare, 1)); !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "seed 7, which is in Background") {
		t.Errorf("the host is given to another seed while one receives: %v", err)
	}
	if a := r.Active(); a.SeedID != 7 {
		t.Errorf("%+v", a)
	}
}

func TestReceivingEndIsEndedWithAllItStarted(t *testing.T) {
	abort := func(stage agentapi.Stage, attempt int64) func(*testing.T, *Runner) {
		return func(t *testing.T, r *Runner) {
			if err := r.Abort(context.Background(), 7, stage, attempt); err != nil {
				t.Error(err)
			}
		}
	}
	for name, end := range map[string]func(*testing.T, *Runner){
		"abort of Prepare, which is over":  abort(agentapi.Prepare, 1),
		"abort by a caller of no attempts": abort(agentapi.Prepare, 0),
		"abort of a Backup not begun yet":  abort(agentapi.Backup, 2),
		"abort of Backup": func(t *testing.T, r *Runner) {
			start(t, r, 7, agentapi.Backup, 2)
			abort(agentapi.Backup, 2)(t, r)
			if s := state(t, r, 7, agentapi.Backup); s.ErrorCode != "aborted" || s.Details != "aborted" {
				t.Errorf("%+v", s)
			}
		},
		"release": func(t *testing.T, r *Runner) {
			if err := r.Release(context.Background(), 7); err != nil {
				t.Error(err)
			}
		},
		"stop": func(t *testing.T, r *Runner) {
			if err := r.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		},
		"Cleanup": func(t *testing.T, r *Runner) {
			start(t, r, 7, agentapi.Cleanup, 2)
			completed(t, r, 7, agentapi.Cleanup)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			r, _ := w.open(receiver(w.familyUntil))
			start(t, r, 7, agentapi.Prepare, 1)
			completed(t, r, 7, agentapi.Prepare)
			pids := w.backPids()
			end(t, r)
			noneAlive(t, pids)
		})
	}
}

func TestAbortOfAnOlderAttemptLeavesTheReceivingEndAlone(t *testing.T) {
	w := newWorld(t)
	r, _ := w.open(receiver(w.familyUntil))
	start(t, r, 7, agentapi.Prepare, 1)
	completed(t, r, 7, agentapi.Prepare)
	pids := w.backPids()
	start(t, r, 7, agentapi.Backup, 2)
	if err := r.Abort(context.Background(), 7, agentapi.Prepare, 1); err != nil || len(alive(pids)) != 3 {
		t.Errorf("%v %v", alive(pids), err)
	}
	w.touch("go")
	completed(t, r, 7, agentapi.Backup)
}

func TestNewerPrepareFirstEndsTheReceivingEndOfTheOlder(t *testing.T) {
	w := newWorld(t)
	var first []int
	m := &methodtest.Method{OnBackup: join}
	m.OnPrepare = func(_ context.Context, mw *method.Work) error {
		if mw.Attempt == 1 {
			return mw.Run.Background(func(ctx context.Context, run method.Runner) error { return w.familyUntil(ctx, mw, run) })
		}
		if left := alive(first); len(left) != 0 {
			return fmt.Errorf("processes of the older attempt are there: %v", left)
		}
		for _, err := range []error{errors.New("replaced"), nil} { // a stage may open another one
			if err := mw.Run.Background(func(context.Context, method.Runner) error { return err }); err != nil {
				return err
			}
		}
		return nil
	}
	r, _ := w.open(m)
	start(t, r, 7, agentapi.Prepare, 1)
	completed(t, r, 7, agentapi.Prepare)
	first = w.backPids()
	start(t, r, 7, agentapi.Prepare, 2)
	completed(t, r, 7, agentapi.Prepare)
	start(t, r, 7, agentapi.Backup, 3)
	completed(t, r, 7, agentapi.Backup)
}

func TestFailedStageClosesItsReceivingEnd(t *testing.T) {
	for _, failing := range []agentapi.Stage{agentapi.Prepare, agentapi.Backup} {
		w := newWorld(t)
		m := receiver(w.familyUntil)
		open := m.OnPrepare
		m.OnPrepare = func(ctx context.Context, mw *method.Work) error {
			if err := open(ctx, mw); err != nil || failing != agentapi.Prepare {
				return err
			}
			w.until("back")
			return errors.New("second thoughts")
		}
		m.OnBackup = func(context.Context, *method.Work) error { return errors.New("second thoughts") }
		r, _ := w.open(m)
		start(t, r, 7, agentapi.Prepare, 1)
		pids := w.backPids()
		if failing == agentapi.Backup {
			completed(t, r, 7, agentapi.Prepare)
			start(t, r, 7, agentapi.Backup, 2)
		}
		if s := state(t, r, 7, failing); s.Details != "second thoughts" {
			t.Errorf("%+v", s)
		}
		noneAlive(t, pids)
	}
}

func TestPanickingReceivingEndIsAnError(t *testing.T) {
	r, _ := newWorld(t).open(receiver(func(context.Context, *method.Work, method.Runner) error { panic("boo") }))
	start(t, r, 7, agentapi.Prepare, 1)
	completed(t, r, 7, agentapi.Prepare)
	start(t, r, 7, agentapi.Backup, 2)
	if s := state(t, r, 7, agentapi.Backup); s.ErrorCode != "agent-bug" || !strings.Contains(s.Details, "boo") {
		t.Errorf("%+v", s)
	}
}

func TestCallerWithoutAttemptsPreparesAgainWhenTheReceivingEndIsClosed(t *testing.T) {
	w := newWorld(t)
	r, _ := w.open(receiver(w.familyUntil))
	start(t, r, 7, agentapi.Prepare, 0)
	completed(t, r, 7, agentapi.Prepare)
	w.backPids()
	if already, err := r.Start(request(7, agentapi.Prepare, 0)); !already || err != nil {
		t.Errorf("while it waits: %v %v", already, err)
	}
	w.touch("go")
	until(t, "Prepare is started again", func() bool { // the source's backup failed, say
		already, err := r.Start(request(7, agentapi.Prepare, 0))
		return !already && err == nil
	})
	completed(t, r, 7, agentapi.Prepare)
}

func TestReceivingEndThatCannotBeJournaledIsNotOpened(t *testing.T) {
	w := newWorld(t)
	j, err := journal.Open(w.state)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	disk := &fullDisk{Journal: j}
	r := w.openOn(disk, &methodtest.Method{OnPrepare: func(_ context.Context, w *method.Work) error {
		disk.full.Store(true)
		defer disk.full.Store(false)
		return w.Run.Background(func(context.Context, method.Runner) error { panic("was opened") })
	}})
	start(t, r, 7, agentapi.Prepare, 1)
	if s := state(t, r, 7, agentapi.Prepare); !strings.HasPrefix(s.Details, "open the receiving end: ") || !strings.Contains(s.Details, "no space left") {
		t.Errorf("%+v", s)
	}
	if err := r.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestAfterKillOfTheAgentTheReceivingEndIsEndedAndTheStageThatJoinsLearnsIt(t *testing.T) {
	w, pids := killedVictim(t, "receives")
	m := receiver(nil)
	r, _ := w.open(m)
	noneAlive(t, pids)
	if s, err := r.State(7, agentapi.Prepare, 1); err != nil || s.Status != agentapi.Completed {
		t.Errorf("%+v %v", s, err)
	}
	start(t, r, 7, agentapi.Backup, 3)
	s := state(t, r, 7, agentapi.Backup)
	if s.ErrorCode != "agent-restarted" || s.Details != "agent was restarted while data was received (attempt 1)" || s.Hint == "" {
		t.Errorf("%+v", s)
	}
}
