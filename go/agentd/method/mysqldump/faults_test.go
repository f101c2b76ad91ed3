package mysqldump_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpfile"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestDumpProgramThatEndsBadlyLeavesNoDump(t *testing.T) {
	w := newWorld(t, sandbox.MariaDB)
	w.Fill(sandbox.FillOptions{NoObjects: true, Bytes: 4 << 20, Tables: 1})
	methodtest.EndsBadly(t, w, w.Method.Backup, "SEED_REAL_DUMP", "mariadb-dump",
		methodtest.StandIn{Dir: "wrong-exit", Code: mysqldump.CodeDump, Text: "exit status 3"},
		methodtest.StandIn{Dir: "cut", Code: mysqldump.CodeCut, Text: "no closing line"},
		methodtest.StandIn{Dir: "reports-error", Code: mysqldump.CodeDump, Text: "Lost connection"},
		methodtest.StandIn{Dir: "killed", Code: mysqldump.CodeDump, Text: "signal: killed"},
	)
}

func TestDiskFullNamesDirectoryAndNeed(t *testing.T) {
	w := newWorld(t, sandbox.MariaDB)
	w.Fill(sandbox.FillOptions{NoObjects: true, Bytes: 24 << 20, Tables: 1})
	w.Work.Dir = t.TempDir()
	if err := syscall.Mount("tmpfs", w.Work.Dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Fatalf("mount a small tmpfs (this test needs root): %v", err)
	}
	defer func() {
		if err := syscall.Unmount(w.Work.Dir, 0); err != nil {
			t.Error(err)
		}
	}()
	err := w.Method.Backup(w.T.Context(), w.Work)
	var e *method.StageError
	if !errors.As(err, &e) || e.Code != mysqldump.CodeDiskFull || !strings.Contains(e.Hint, w.Work.Dir) {
		t.Errorf("got %v with code %q", err, methodtest.Code(err))
	}
	w.NothingLeft()
}

func TestAbortInTheMiddleOfTheDumpEndsTheProgram(t *testing.T) {
	w := newWorld(t, sandbox.MariaDB)
	w.Fill(sandbox.FillOptions{NoObjects: true, Bytes: 24 << 20, Tables: 2})
	ctx, cancel := context.WithCancelCause(w.T.Context())
	aborted := errors.New("aborted by a person")
	w.Run.OnProgress = func(p agentapi.Progress) {
		what := p.What
		if strings.HasPrefix(what, "dumping sbtest.") {
			cancel(aborted)
		}
	}
	if err := w.Method.Backup(ctx, w.Work); !errors.Is(err, aborted) {
		t.Errorf("backup said %v", err)
	}
	w.NothingLeft()
}

func TestAccountThatChangesDuringTheBackupIsAnError(t *testing.T) {
	w := newWorld(t, sandbox.MariaDB)
	w.Fill(sandbox.FillOptions{NoObjects: true, Bytes: 4 << 20, Tables: 1})
	var once sync.Once
	w.Run.OnProgress = func(p agentapi.Progress) {
		what := p.What
		if strings.HasPrefix(what, "dumping sbtest.") {
			once.Do(func() { w.Exec(w.Source, "CREATE USER late@'%'") })
		}
	}
	err := w.Method.Backup(w.T.Context(), w.Work)
	if methodtest.Code(err) != mysqldump.CodeAccounts || !strings.Contains(err.Error(), "`late`@`%` is new") {
		t.Errorf("backup said %v", err)
	}
	w.NothingLeft()
}

func TestDamagedDumpLeavesTheTargetAsItWas(t *testing.T) {
	w := newWorld(t, sandbox.MariaDB)
	w.Fill(sandbox.FillOptions{NoObjects: true, Bytes: 1 << 20, Tables: 1})
	w.Exec(w.Target, "CREATE DATABASE old_data")
	if err := w.Method.Restore(w.T.Context(), w.Work); methodtest.Code(err) != mysqldump.CodeDamaged || !errors.Is(err, dumpfile.ErrNoDump) {
		t.Errorf("without a dump, restore said %v", err)
	}
	w.Backup()
	f, err := os.OpenFile(filepath.Join(w.Work.Dir, dumpfile.DataName), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{0xff, 0xfe}, 5000); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := w.Method.Restore(w.T.Context(), w.Work); methodtest.Code(err) != mysqldump.CodeDamaged {
		t.Errorf("with a damaged dump, restore said %v", err)
	}
	if got := w.Query(w.Target, "SHOW DATABASES LIKE 'old\\_data'"); len(got) != 1 {
		t.Error("the target's old data is gone")
	}
}

func TestLoadThatIsCutOffSucceedsWhenDoneAgain(t *testing.T) {
	cuts := map[string]func(w *methodtest.World){
		"connection killed": func(w *methodtest.World) {
			for _, id := range w.Query(w.Target, "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND command <> 'Daemon' AND user = 'sandbox'") {
				db := w.Target.Open("")
				_, _ = db.Exec("KILL " + id) // it may have ended by itself
				db.Close()
			}
		},
		"server killed": func(w *methodtest.World) {
			if err := w.Target.Kill(); err != nil {
				w.T.Error(err)
			}
		},
	}
	for name, cut := range cuts {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sandbox.MariaDB)
			w.Fill(sandbox.FillOptions{Bytes: 24 << 20, Tables: 3})
			w.Backup()
			var once sync.Once
			w.Run.OnProgress = func(p agentapi.Progress) {
				what := p.What
				if strings.HasPrefix(what, "loading sbtest.") {
					once.Do(func() { cut(w) })
				}
			}
			err := w.Method.Restore(w.T.Context(), w.Work)
			if methodtest.Code(err) != mysqldump.CodeConnection {
				t.Errorf("restore said %v with code %q", err, methodtest.Code(err))
			}
			if name == "server killed" {
				if err := w.Target.Restart(w.T.Context()); err != nil {
					t.Fatal(err)
				}
			}
			w.Restore()
			w.Same()
		})
	}
}

func TestAbortedLoadEndsItsConnectionsOnRelease(t *testing.T) {
	w := newWorld(t, sandbox.MariaDB)
	w.Fill(sandbox.FillOptions{NoObjects: true, Bytes: 24 << 20, Tables: 2})
	w.Exec(w.Source, "CREATE TABLE sbtest.wide (a INT PRIMARY KEY, b LONGBLOB)", "INSERT INTO sbtest.wide VALUES (1, REPEAT('x', 3000000))")
	w.Exec(w.Target, "SET GLOBAL max_allowed_packet = 2097152")
	w.Backup()
	ctx, cancel := context.WithCancel(w.T.Context())
	w.Run.OnProgress = func(p agentapi.Progress) {
		what := p.What
		if strings.HasPrefix(what, "loading sbtest.") {
			cancel()
		}
	}
	if err := w.Method.Restore(ctx, w.Work); !errors.Is(err, context.Canceled) {
		t.Errorf("restore said %v", err)
	}
	if got := w.Query(w.Target, "SELECT @@GLOBAL.max_allowed_packet"); got[0] != "1073741824" {
		t.Errorf("max_allowed_packet is %s while loading", got[0])
	}
	for range 2 { // may be called again
		if err := w.Method.Release(w.T.Context(), w.Work); err != nil {
			t.Fatal(err)
		}
	}
	w.NothingLeft()
	if got := w.Query(w.Target, "SELECT @@GLOBAL.max_allowed_packet"); got[0] != "2097152" {
		t.Errorf("max_allowed_packet is %s after release", got[0])
	}
}
