package mydumper_test

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

	"go.uber.org/goleak"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mydumper"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const oddSchema = "`odd ``name``, \"it's\" a.b;-/c`"

func TestEveryKindOfObjectThatCanBeCarriedArrivesEqual(t *testing.T) {
	for name, extra := range map[string][]string{"whole tables": nil, "parts of tables": {"--rows=1000"}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, mydumper.Options{Threads: 2, DumpExtra: extra})
			w.fill(sandbox.FillOptions{Bytes: 8 << 20, Tables: 2})
			w.exec(w.source, "DROP DATABASE "+oddSchema, "ALTER TABLE types.generated DROP COLUMN uid, DROP COLUMN addr")
			w.exec(w.target, "CREATE DATABASE old_data", "CREATE TABLE old_data.t (a INT PRIMARY KEY)", "CREATE USER 'left'@'%'")
			before := w.logged(w.target)
			w.must("prepare", w.method.Prepare)
			w.must("backup", w.method.Backup)
			w.must("restore", w.method.Restore)
			w.same()
			if n := w.count(w.target, "information_schema.events WHERE status = 'ENABLED'"); n > 0 {
				t.Errorf("%d events are enabled on the target", n)
			}
			if after := w.logged(w.target); after != before {
				t.Errorf("the target's binary log grew from %s to %s", before, after)
			}
			m, err := w.method.Metadata(t.Context(), w.work)
			if err != nil || m.LogFile == "" || m.LogPos == 0 || m.GtidExecuted == "" {
				t.Errorf("metadata is %+v, %v", m, err)
			}
			w.must("release", w.method.Release)
			w.nothingLeft()
		})
	}
}

// logged is the position that the server would give its replicas.
func (w *world) logged(s *sandbox.Server) (pos string) {
	w.t.Helper()
	db := s.Open("")
	defer db.Close()
	if err := db.QueryRowContext(w.t.Context(), "SELECT @@GLOBAL.gtid_binlog_pos").Scan(&pos); err != nil {
		w.t.Fatal(err)
	}
	return pos
}

func TestTablesThatCannotBeCarriedAreNamedBeforeAnythingHappens(t *testing.T) {
	w := newWorld(t, mydumper.Options{})
	w.exec(w.source, "CREATE DATABASE a", "CREATE TABLE a.hides (i INT PRIMARY KEY, h INT INVISIBLE)", "CREATE TABLE a.`x.y` (i INT PRIMARY KEY)", "CREATE TABLE a.fine (i INT PRIMARY KEY)",
		"CREATE TABLE a.types (i INT PRIMARY KEY, u UUID, a INET6)")
	err := w.method.Backup(t.Context(), w.work)
	if code(err) != mydumper.CodeNotCarried || !strings.Contains(err.Error(), "a.hides (has invisible columns), a.types (has columns of type inet6, uuid), a.x.y (its name)") {
		t.Errorf("backup said %v", err)
	}
	w.nothingLeft()
}

func TestMydumperThatEndsBadlyLeavesNoDump(t *testing.T) {
	w := newWorld(t, mydumper.Options{})
	w.fill(sandbox.FillOptions{NoObjects: true, Bytes: 2 << 20, Tables: 1})
	real, err := exec.LookPath("mydumper")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("SEED_REAL_MYDUMPER", real)
	for _, c := range []struct{ standIn, code, text string }{
		{"wrong-exit", mysqldump.CodeDump, "exit status 3"},
		{"reports-error", mysqldump.CodeDump, "Lost connection"},
		{"killed", mysqldump.CodeDump, "signal: killed"},
		{"cut", mysqldump.CodeCut, "does not say that the dump finished"},
		{"table-missing", mysqldump.CodeCut, "no file for sbtest.sbtest1"},
	} {
		t.Run(c.standIn, func(t *testing.T) {
			dir, err := filepath.Abs(filepath.Join("testdata", c.standIn))
			if err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
			if err := w.method.Backup(t.Context(), w.work); code(err) != c.code || !strings.Contains(err.Error(), c.text) {
				t.Errorf("backup said %v with code %q", err, code(err))
			}
			w.nothingLeft()
		})
	}
}

func TestDamagedRowsLeaveTheTargetAsItWas(t *testing.T) {
	w := newWorld(t, mydumper.Options{})
	w.fill(sandbox.FillOptions{NoObjects: true, Bytes: 1 << 20, Tables: 1})
	w.exec(w.target, "CREATE DATABASE old_data")
	w.must("backup", w.method.Backup)
	path := filepath.Join(w.work.Dir, "rows", "sbtest.sbtest1.sql.gz")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, damage := range map[string]func() error{
		"a byte": func() error { return os.WriteFile(path, append([]byte{good[0] ^ 1}, good[1:]...), 0o600) },
		"cut":    func() error { return os.WriteFile(path, good[:len(good)-1], 0o600) },
		"gone":   func() error { return os.Remove(path) },
		"more":   func() error { return os.WriteFile(filepath.Join(w.work.Dir, "rows", "z.z.sql.gz"), good, 0o600) },
	} {
		if err := errors.Join(os.WriteFile(path, good, 0o600), damage()); err != nil {
			t.Fatal(err)
		}
		if err := w.method.Restore(t.Context(), w.work); code(err) != mysqldump.CodeDamaged {
			t.Errorf("%s: restore said %v", what, err)
		}
	}
	if w.count(w.target, "information_schema.schemata WHERE schema_name = 'old_data'") != 1 {
		t.Error("the target's old data is gone")
	}
}

func TestDefinitionThatChangesDuringTheBackupIsAnError(t *testing.T) {
	w := newWorld(t, mydumper.Options{})
	w.fill(sandbox.FillOptions{NoObjects: true, Bytes: 1 << 20, Tables: 1})
	w.run.OnSay = func(text string) {
		if strings.HasPrefix(text, "mydumper left ") {
			w.exec(w.source, "CREATE VIEW sbtest.late AS SELECT 1", "ALTER TABLE sbtest.sbtest1 COMMENT 'other'")
		}
	}
	err := w.method.Backup(t.Context(), w.work)
	if code(err) != mysqldump.CodeDefinitions || !strings.Contains(err.Error(), "table sbtest.sbtest1 was altered, view sbtest.late is new") {
		t.Errorf("backup said %v", err)
	}
	w.nothingLeft()
}

func TestLoadThatIsAbortedEndsItsProcessesAndStatementsAndLeavesNothing(t *testing.T) {
	w := newWorld(t, mydumper.Options{Threads: 2})
	w.fill(sandbox.FillOptions{NoObjects: true, Bytes: 24 << 20, Tables: 2})
	w.must("backup", w.method.Backup)
	ctx, cancel := context.WithCancelCause(t.Context())
	aborted := errors.New("aborted by a person")
	w.run.OnProgress = func(p agentapi.Progress) {
		what := p.What
		if strings.HasPrefix(what, "loading sbtest.") {
			cancel(aborted)
		}
	}
	if err := w.method.Restore(ctx, w.work); !errors.Is(err, aborted) {
		t.Errorf("restore said %v", err)
	}
	w.run.OnProgress = nil
	for _, c := range w.run.Started() {
		if err := syscall.Kill(-c.Process.Pid, 0); err != syscall.ESRCH {
			t.Errorf("process group of %s: %v", c, err)
		}
	}
	if n := w.count(w.target, "information_schema.processlist WHERE info LIKE 'INSERT INTO%'"); n > 0 {
		t.Errorf("%d statements go on in the target", n)
	}
	w.must("restore again", w.method.Restore)
	w.same()
	w.must("release", w.method.Release)
	w.nothingLeft()
}

func TestLoadThatFailsIsAnErrorAndLeavesAnEmptyTargetOnRelease(t *testing.T) {
	w := newWorld(t, mydumper.Options{Threads: 1})
	w.fill(sandbox.FillOptions{NoObjects: true, Bytes: 8 << 20, Tables: 2})
	w.must("backup", w.method.Backup)
	var once sync.Once
	w.run.OnProgress = func(p agentapi.Progress) {
		what := p.What
		if table, found := strings.CutPrefix(what, "loading sbtest."); found {
			once.Do(func() {
				other := map[bool]string{true: "sbtest2", false: "sbtest1"}[strings.HasPrefix(table, "sbtest1 ")]
				w.exec(w.target, "DROP TABLE sbtest."+other)
			})
		}
	}
	err := w.method.Restore(t.Context(), w.work)
	if code(err) != mysqldump.CodeLoad || !strings.Contains(err.Error(), "doesn't exist") {
		t.Errorf("restore said %v with code %q", err, code(err))
	}
	w.must("release", w.method.Release)
	w.nothingLeft()
	if n := w.count(w.target, "information_schema.schemata WHERE schema_name = 'sbtest'"); n != 0 {
		t.Error("a part of the copy is left on the target")
	}
}
