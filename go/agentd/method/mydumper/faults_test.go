package mydumper_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mydumper"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestMyloaderThatEndsBadlyIsAnErrorAndTheNextRestoreSucceeds(t *testing.T) {
	w := newWorld(t, mydumper.Options{Threads: 2})
	w.Fill(sandbox.FillOptions{NoObjects: true, Bytes: 2 << 20, Tables: 2})
	w.Backup()
	methodtest.RealProgram(t, "SEED_REAL_MYLOADER", "myloader")
	for _, c := range []methodtest.StandIn{
		{Dir: "load-wrong-exit", Code: mysqldump.CodeLoad, Text: "exit status 3"},
		{Dir: "load-killed", Code: mysqldump.CodeLoad, Text: "signal: killed"},
		{Dir: "load-reports-error", Code: mysqldump.CodeLoad, Text: "Duplicate entry"},
		{Dir: "load-cut", Code: mysqldump.CodeLoad, Text: "but sbtest.sbtest1 has "},
	} {
		t.Run(c.Dir, func(t *testing.T) {
			methodtest.Path(t, "testdata/"+c.Dir)
			if err := w.Method.Restore(t.Context(), w.Work); methodtest.Code(err) != c.Code || !strings.Contains(err.Error(), c.Text) {
				t.Errorf("restore said %v with code %q", err, methodtest.Code(err))
			}
		})
	}
	w.Restore()
	w.Same()
	w.Must("release", w.Method.Release)
	w.NothingLeft()
}

func TestLoadIsCutOffByKillsAndSucceedsWhenDoneAgain(t *testing.T) {
	w := newWorld(t, mydumper.Options{Threads: 2})
	w.Fill(sandbox.FillOptions{NoObjects: true, Bytes: 24 << 20, Tables: 2})
	w.Backup()
	for name, c := range map[string]struct {
		kill func() error
		code string
	}{
		"myloader": {func() error {
			all := w.Run.Started()
			return syscall.Kill(all[len(all)-1].Process.Pid, syscall.SIGKILL)
		}, mysqldump.CodeLoad},
		"mysqld": {w.Target.Kill, mysqldump.CodeConnection},
	} {
		t.Run(name, func(t *testing.T) {
			var once sync.Once
			w.Run.OnProgress = func(p agentapi.Progress) {
				if strings.HasPrefix(p.What, "loading sbtest.") {
					once.Do(func() {
						if err := c.kill(); err != nil {
							t.Error(err)
						}
					})
				}
			}
			if err := w.Method.Restore(t.Context(), w.Work); methodtest.Code(err) != c.code {
				t.Errorf("restore said %v with code %q", err, methodtest.Code(err))
			}
			w.Run.OnProgress = nil
			if name == "mysqld" {
				if err := w.Target.Restart(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			w.Restore()
			w.Same()
		})
	}
}

// smallDisk mounts a disk of that many MiB until the end of the test.
func smallDisk(t *testing.T, mib int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", mib)); err != nil {
		t.Fatalf("mount a small tmpfs (this test needs root): %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestFullBackupDiskIsSaidAndEmptied(t *testing.T) {
	w := newWorld(t, mydumper.Options{Threads: 2})
	w.Fill(sandbox.FillOptions{NoObjects: true, Bytes: 24 << 20, Tables: 2})
	w.Work.Dir = smallDisk(t, 3)
	err := w.Method.Backup(t.Context(), w.Work)
	if methodtest.Code(err) != mysqldump.CodeDiskFull {
		t.Errorf("backup said %v with code %q", err, methodtest.Code(err))
	}
	w.NothingLeft()
}

func TestFullTargetDiskIsSaidAndLeavesAnEmptyTargetOnRelease(t *testing.T) {
	dir := smallDisk(t, 260) // an empty server and its logs take most of it
	w := methodtest.NewWorld(t, methodtest.WorldOptions{
		Target: sandbox.Options{Kind: sandbox.MariaDB, Dir: dir + "/server"},
		Make: func(servers *host.MySQL) (method.Method, error) {
			return mydumper.New(mydumper.Options{Servers: servers, Threads: 2})
		},
	})
	w.Fill(sandbox.FillOptions{NoObjects: true, Bytes: 160 << 20, Tables: 2})
	w.Backup()
	err := w.Method.Restore(t.Context(), w.Work)
	var e *method.StageError
	if !errors.As(err, &e) || e.Code != mysqldump.CodeDiskFull || e.Hint == "" {
		t.Errorf("restore said %v with code %q", err, methodtest.Code(err))
	}
	w.Must("release", w.Method.Release)
	w.NothingLeft()
	if n := w.Count(w.Target, "information_schema.schemata WHERE schema_name = 'sbtest'"); n != 0 {
		t.Error("a part of the copy is left on the target")
	}
}

func TestModesOfTheSourceThatChangeQuotingDoNotChangeItsRows(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.MariaDB, sandbox.MySQL97} {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorldOf(t, kind, mydumper.Options{Threads: 1})
			w.Exec(w.Source, "SET SESSION sql_mode = ''", "CREATE DATABASE a", "CREATE TABLE a.t (i INT PRIMARY KEY, v TEXT)",
				`INSERT INTO a.t VALUES (1, 'back\\slash \' " \n(2, line'), (2, '\\'), (3, '\r\n\0\Z')`, "SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES,PIPES_AS_CONCAT'")
			w.Backup()
			w.Restore()
			w.Exec(w.Source, "SET GLOBAL sql_mode = ''")
			w.Same()
		})
	}
}
