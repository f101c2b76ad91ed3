package mysqldump_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpfile"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func code(err error) string {
	var e *method.StageError
	if !errors.As(err, &e) {
		return ""
	}
	return e.Code
}

// nothingLeft fails the test when the seed's directory is not empty.
func (w *world) nothingLeft() {
	w.t.Helper()
	left, err := os.ReadDir(w.work.Dir)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range left {
		w.t.Errorf("%s was left behind", f.Name())
	}
}

func TestDumpProgramThatEndsBadlyLeavesNoDump(t *testing.T) {
	w := newWorld(t, sandbox.MariaDB)
	w.fill(sandbox.FillOptions{NoObjects: true, Bytes: 4 << 20, Tables: 1})
	real, err := exec.LookPath("mariadb-dump")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("SEED_REAL_DUMP", real)
	for _, c := range []struct{ standIn, code, text string }{
		{"wrong-exit", mysqldump.CodeDump, "exit status 3"},
		{"cut", mysqldump.CodeCut, "no closing line"},
		{"reports-error", mysqldump.CodeDump, "Lost connection"},
		{"killed", mysqldump.CodeDump, "signal: killed"},
	} {
		t.Run(c.standIn, func(t *testing.T) {
			dir, err := filepath.Abs(filepath.Join("testdata", c.standIn))
			if err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
			err = w.method.Backup(t.Context(), w.work)
			if code(err) != c.code || !strings.Contains(err.Error(), c.text) {
				t.Errorf("backup said %q with code %q, want %q with code %q", err, code(err), c.text, c.code)
			}
			w.nothingLeft()
		})
	}
}

func TestDiskFullNamesDirectoryAndNeed(t *testing.T) {
	w := newWorld(t, sandbox.MariaDB)
	w.fill(sandbox.FillOptions{NoObjects: true, Bytes: 24 << 20, Tables: 1})
	w.work.Dir = t.TempDir()
	if err := syscall.Mount("tmpfs", w.work.Dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Fatalf("mount a small tmpfs (this test needs root): %v", err)
	}
	defer func() {
		if err := syscall.Unmount(w.work.Dir, 0); err != nil {
			t.Error(err)
		}
	}()
	err := w.method.Backup(w.ctx(), w.work)
	var e *method.StageError
	if !errors.As(err, &e) || e.Code != mysqldump.CodeDiskFull || !strings.Contains(e.Hint, w.work.Dir) {
		t.Errorf("got %v with code %q", err, code(err))
	}
	w.nothingLeft()
}

func TestAbortInTheMiddleOfTheDumpEndsTheProgram(t *testing.T) {
	w := newWorld(t, sandbox.MariaDB)
	w.fill(sandbox.FillOptions{NoObjects: true, Bytes: 24 << 20, Tables: 2})
	ctx, cancel := context.WithCancelCause(w.ctx())
	aborted := errors.New("aborted by a person")
	w.run.OnProgress = func(p agentapi.Progress) {
		what := p.What
		if strings.HasPrefix(what, "dumping sbtest.") {
			cancel(aborted)
		}
	}
	if err := w.method.Backup(ctx, w.work); !errors.Is(err, aborted) {
		t.Errorf("backup said %v", err)
	}
	w.nothingLeft()
	for _, c := range w.run.Started() {
		if err := syscall.Kill(-c.Process.Pid, 0); err != syscall.ESRCH {
			t.Errorf("process group of %s: %v", c, err)
		}
	}
}

func TestAccountThatChangesDuringTheBackupIsAnError(t *testing.T) {
	w := newWorld(t, sandbox.MariaDB)
	w.fill(sandbox.FillOptions{NoObjects: true, Bytes: 4 << 20, Tables: 1})
	var once sync.Once
	w.run.OnProgress = func(p agentapi.Progress) {
		what := p.What
		if strings.HasPrefix(what, "dumping sbtest.") {
			once.Do(func() { w.exec(w.source, "CREATE USER late@'%'") })
		}
	}
	err := w.method.Backup(w.ctx(), w.work)
	if code(err) != mysqldump.CodeAccounts || !strings.Contains(err.Error(), "`late`@`%` is new") {
		t.Errorf("backup said %v", err)
	}
	w.nothingLeft()
}

func TestDamagedDumpLeavesTheTargetAsItWas(t *testing.T) {
	w := newWorld(t, sandbox.MariaDB)
	w.fill(sandbox.FillOptions{NoObjects: true, Bytes: 1 << 20, Tables: 1})
	w.exec(w.target, "CREATE DATABASE old_data")
	if err := w.method.Restore(w.ctx(), w.work); code(err) != mysqldump.CodeDamaged || !errors.Is(err, dumpfile.ErrNoDump) {
		t.Errorf("without a dump, restore said %v", err)
	}
	w.backup()
	f, err := os.OpenFile(filepath.Join(w.work.Dir, dumpfile.DataName), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{0xff, 0xfe}, 5000); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := w.method.Restore(w.ctx(), w.work); code(err) != mysqldump.CodeDamaged {
		t.Errorf("with a damaged dump, restore said %v", err)
	}
	if got := w.query(w.target, "SHOW DATABASES LIKE 'old\\_data'"); len(got) != 1 {
		t.Error("the target's old data is gone")
	}
}

func TestLoadThatIsCutOffSucceedsWhenDoneAgain(t *testing.T) {
	cuts := map[string]func(w *world){
		"connection killed": func(w *world) {
			for _, id := range w.query(w.target, "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND command <> 'Daemon' AND user = 'sandbox'") {
				db := w.target.Open("")
				_, _ = db.Exec("KILL " + id) // it may have ended by itself
				db.Close()
			}
		},
		"server killed": func(w *world) {
			if err := w.target.Kill(); err != nil {
				w.t.Error(err)
			}
		},
	}
	for name, cut := range cuts {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sandbox.MariaDB)
			w.fill(sandbox.FillOptions{Bytes: 24 << 20, Tables: 3})
			w.backup()
			var once sync.Once
			w.run.OnProgress = func(p agentapi.Progress) {
				what := p.What
				if strings.HasPrefix(what, "loading sbtest.") {
					once.Do(func() { cut(w) })
				}
			}
			err := w.method.Restore(w.ctx(), w.work)
			if code(err) != mysqldump.CodeConnection {
				t.Errorf("restore said %v with code %q", err, code(err))
			}
			if name == "server killed" {
				if err := w.target.Restart(w.ctx()); err != nil {
					t.Fatal(err)
				}
			}
			w.restore()
			w.same()
		})
	}
}

func TestAbortedLoadEndsItsConnectionsOnRelease(t *testing.T) {
	w := newWorld(t, sandbox.MariaDB)
	w.fill(sandbox.FillOptions{NoObjects: true, Bytes: 24 << 20, Tables: 2})
	w.exec(w.source, "CREATE TABLE sbtest.wide (a INT PRIMARY KEY, b LONGBLOB)", "INSERT INTO sbtest.wide VALUES (1, REPEAT('x', 3000000))")
	w.exec(w.target, "SET GLOBAL max_allowed_packet = 2097152")
	w.backup()
	ctx, cancel := context.WithCancel(w.ctx())
	w.run.OnProgress = func(p agentapi.Progress) {
		what := p.What
		if strings.HasPrefix(what, "loading sbtest.") {
			cancel()
		}
	}
	if err := w.method.Restore(ctx, w.work); !errors.Is(err, context.Canceled) {
		t.Errorf("restore said %v", err)
	}
	if got := w.query(w.target, "SELECT @@GLOBAL.max_allowed_packet"); got[0] != "1073741824" {
		t.Errorf("max_allowed_packet is %s while loading", got[0])
	}
	for range 2 { // may be called again
		if err := w.method.Release(w.ctx(), w.work); err != nil {
			t.Fatal(err)
		}
	}
	w.nothingLeft()
	if got := w.query(w.target, "SELECT @@GLOBAL.max_allowed_packet"); got[0] != "2097152" {
		t.Errorf("max_allowed_packet is %s after release", got[0])
	}
}
