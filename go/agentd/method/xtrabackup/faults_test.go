package xtrabackup_test

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/xtrabackup"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/stream"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// goingWrong puts a stand-in before a real program, to go wrong in runs that have that argument.
func goingWrong(t testing.TB, program, at string) {
	t.Helper()
	real, err := exec.LookPath(program)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("STANDIN_REAL", filepath.Dir(real))
	t.Setenv("STANDIN_AT", at)
	standIn(t, program)
}

// withOldData gives the target data of its own, and the source something to copy.
func (w *world) withOldData(bytes int64) {
	w.t.Helper()
	w.exec(w.tgt.server, "CREATE DATABASE old_data", "CREATE TABLE old_data.t (a INT PRIMARY KEY)", "INSERT INTO old_data.t VALUES (1)")
	w.fill(sandbox.FillOptions{Bytes: bytes, Tables: 2, NoObjects: true})
}

// oldDataRuns fails the test unless the target's server answers with its old data, and the source can be written.
func (w *world) oldDataRuns() {
	w.t.Helper()
	if got := w.query(w.tgt.server, "SELECT a FROM old_data.t"); len(got) != 1 || got[0] != "1" {
		w.t.Errorf("the old data holds %v", got)
	}
	if got := w.query(w.tgt.server, "SHOW DATABASES LIKE 'sbtest'"); len(got) != 0 {
		w.t.Error("the target runs on new data")
	}
	w.unlocked()
}

// unlocked fails the test unless the source takes definitions, rows and a backup of somebody else's at once.
func (w *world) unlocked() {
	w.t.Helper()
	w.exec(w.src.server, "SET lock_wait_timeout = 5", "CREATE OR REPLACE TABLE sbtest.unlocked (a INT) ENGINE=Aria", "INSERT INTO sbtest.unlocked VALUES (1)",
		"DROP TABLE sbtest.unlocked", "BACKUP STAGE START", "BACKUP STAGE BLOCK_COMMIT", "BACKUP STAGE END")
}

// endsBadly aborts what still runs, as the service does, and expects everything to be as it was.
func (w *world) endsBadly() {
	w.t.Helper()
	w.release()
	w.oldDataRuns()
	w.nothingLeft()
	w.release() // again changes nothing
}

func TestBackupToolThatEndsBadlyIsAnErrorOnBothSides(t *testing.T) {
	goingWrong(t, "mariadb-backup", "--backup")
	for _, plain := range []bool{false, true} {
		w := newWorld(t, options{plain: plain})
		w.withOldData(32 << 20)
		for _, f := range []struct{ fault, code, text string }{
			{"kill", xtrabackup.CodeBackup, "signal: killed"},
			{"cut", xtrabackup.CodeIncomplete, "without saying that it was complete"},
			{"quiet", xtrabackup.CodeIncomplete, "without saying that it was complete"},
			{"bad-exit", xtrabackup.CodeBackup, "exit status 3"},
		} {
			name := f.fault
			if plain {
				name += " with an agent of others"
			}
			t.Run(name, func(t *testing.T) {
				t.Setenv("STANDIN_FAULT", f.fault)
				w.prepare()
				source, target := w.backup()
				if methodtest.Code(source) != f.code || !strings.Contains(source.Error(), f.text) {
					t.Errorf("the source says %v with code %q", source, methodtest.Code(source))
				}
				if !plain && methodtest.Code(target) != stream.CodePeerFailed || target == nil {
					t.Errorf("the target says %v with code %q", target, methodtest.Code(target))
				}
				if err := w.tgt.m.Restore(t.Context(), w.tgt.work); err == nil {
					t.Error("restored all the same")
				}
				w.endsBadly()
			})
		}
	}
}

func TestUnpackingProgramThatEndsBadlyIsAnErrorOnBothSides(t *testing.T) {
	goingWrong(t, "mbstream", "-x")
	w := newWorld(t, options{})
	w.withOldData(32 << 20)
	for _, fault := range []string{"bad-exit"} {
		t.Run(fault, func(t *testing.T) {
			t.Setenv("STANDIN_FAULT", fault)
			w.prepare()
			source, target := w.backup()
			if methodtest.Code(target) != xtrabackup.CodeUnpack {
				t.Errorf("the target says %v with code %q", target, methodtest.Code(target))
			}
			if methodtest.Code(source) != stream.CodePeerFailed || !strings.Contains(source.Error(), "exit status 3") {
				t.Errorf("the source says %v with code %q", source, methodtest.Code(source))
			}
			w.endsBadly()
		})
	}
}

func TestPrepareThatEndsBadlyMayBeTriedAgainOnTheSameCopy(t *testing.T) {
	goingWrong(t, "mariadb-backup", "--prepare")
	w := newWorld(t, options{})
	w.withOldData(16 << 20)
	w.settle()
	w.prepare()
	w.mustBackup()
	for _, f := range []struct{ fault, text string }{{"kill", "signal: killed"}, {"quiet", "without saying"}} {
		t.Setenv("STANDIN_FAULT", f.fault)
		err := w.tgt.m.Restore(t.Context(), w.tgt.work)
		if methodtest.Code(err) != xtrabackup.CodePrepare || !strings.Contains(err.Error(), f.text) {
			t.Errorf("restore says %v with code %q", err, methodtest.Code(err))
		}
		w.oldDataRuns()
	}
	t.Setenv("STANDIN_FAULT", "")
	w.must(w.tgt, "restore", w.tgt.m.Restore)
	w.same()
	w.cleanup()
	w.nothingLeft()
}

func TestAbortEndsAToolThatHangsAndLeavesNothing(t *testing.T) {
	goingWrong(t, "mariadb-backup", "--backup")
	t.Setenv("STANDIN_FAULT", "hang")
	w := newWorld(t, options{})
	w.withOldData(32 << 20)
	w.prepare()
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.src.m.Backup(ctx, w.src.work) }()
	sandbox.Eventually(t, 30*time.Second, func() error {
		if p := w.tgt.run.Progressed(); len(p) > 0 && p[len(p)-1].Bytes > 4<<20 {
			return nil
		}
		return errors.New("nothing arrives")
	})
	aborted := errors.New("aborted by the test")
	cancel(aborted)
	if err := <-done; !errors.Is(err, aborted) {
		t.Errorf("the backup ended with %v", err)
	}
	w.endsBadly()
}

func TestToolThatIsKilledInTheMiddleLeavesNoLockOnTheSource(t *testing.T) {
	w := newWorld(t, options{})
	w.withOldData(48 << 20)
	w.src.run.SetLimit(8 << 20)
	w.prepare()
	done := make(chan error, 1)
	go func() { done <- w.src.m.Backup(t.Context(), w.src.work) }()
	sandbox.Eventually(t, 30*time.Second, func() error {
		if p := w.src.run.Progressed(); len(p) > 0 && p[len(p)-1].Bytes > 4<<20 {
			return nil
		}
		return errors.New("nothing is sent")
	})
	for _, c := range w.src.run.Started() {
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; methodtest.Code(err) != xtrabackup.CodeBackup || !strings.Contains(err.Error(), "signal: killed") {
		t.Errorf("the source says %v", err)
	}
	w.endsBadly()
}

func TestPortInUseIsSaidBeforeAnythingIsTouched(t *testing.T) {
	w := newWorld(t, options{})
	other, err := stream.ListenPlain(t.Context(), w.dataPort(), stream.PlainOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	err = w.tgt.m.Prepare(t.Context(), w.tgt.work)
	if methodtest.Code(err) != stream.CodePortInUse {
		t.Errorf("prepare says %v with code %q", err, methodtest.Code(err))
	}
	w.must(w.tgt, "release", w.tgt.m.Release)
	w.nothingLeft()
}

func TestBackupWithoutPrepareIsAnError(t *testing.T) {
	w := newWorld(t, options{})
	for stage, f := range map[string]func(context.Context, *method.Work) error{"backup": w.tgt.m.Backup, "restore": w.tgt.m.Restore} {
		if err := f(t.Context(), w.tgt.work); methodtest.Code(err) != xtrabackup.CodeIncomplete {
			t.Errorf("%s says %v", stage, err)
		}
	}
}
