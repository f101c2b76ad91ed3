package mydumper_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/contract"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mydumper"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestMain(m *testing.M) {
	contract.Agent(subject.Make)
	goleak.VerifyTestMain(m)
}

const oddSchema = "`odd ``name``, \"it's\" a.b;-/c`"

func TestEveryKindOfObjectThatCanBeCarriedArrivesEqual(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.MariaDB, sandbox.MySQL97} {
		for name, extra := range map[string][]string{"whole tables": nil, "parts of tables, compressed": {"--rows=1000", "--compress"}} {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				w := newWorldOf(t, kind, mydumper.Options{Threads: 2, DumpExtra: extra})
				everyKind(w)
				w.Exec(w.Target, "CREATE DATABASE old_data", "CREATE TABLE old_data.t (a INT PRIMARY KEY)", "CREATE USER 'left'@'%'")
				before := w.Query(w.Target, logged[kind])
				w.Backup()
				w.Restore()
				w.Same()
				if n := w.Count(w.Target, "information_schema.events WHERE status = 'ENABLED'"); n > 0 {
					t.Errorf("%d events are enabled on the target", n)
				}
				if after := w.Query(w.Target, logged[kind]); !slices.Equal(after, before) {
					t.Errorf("the target's binary log grew from %s to %s", before, after)
				}
				m, err := w.Method.Metadata(t.Context(), w.Work)
				if err != nil || m.LogFile == "" || m.LogPos == 0 || m.GtidExecuted != w.Query(w.Source, logged[kind])[0] {
					t.Errorf("metadata is %+v, %v", m, err)
				}
				w.Must("release", w.Method.Release)
				w.NothingLeft()
			})
		}
	}
}

// logged asks for the GTIDs of what a server has written into its binary log.
var logged = map[sandbox.Kind]string{sandbox.MariaDB: "SELECT @@GLOBAL.gtid_binlog_pos", sandbox.MySQL97: "SELECT @@GLOBAL.gtid_executed"}

// everyKind fills the source with everything that mydumper can carry.
func everyKind(w *methodtest.World) {
	w.T.Helper()
	w.Fill(sandbox.FillOptions{Bytes: 16 << 20, Tables: 2})
	w.Exec(w.Source, "DROP DATABASE "+oddSchema)
	if w.Source.Kind == sandbox.MariaDB {
		w.Exec(w.Source, "ALTER TABLE types.generated DROP COLUMN uid, DROP COLUMN addr")
	} else {
		w.Exec(w.Source, "ALTER TABLE types.generated DROP KEY many, DROP COLUMN uid, DROP COLUMN tags",
			"ALTER TABLE shop.customers MODIFY created TIMESTAMP(6) NOT NULL DEFAULT '2020-01-01'", "DROP DATABASE `größe 日本`", "CREATE TABLE legacy.`größe 日本` (a INT PRIMARY KEY)", "INSERT INTO legacy.`größe 日本` VALUES (1)")
	}
}

func TestTablesThatCannotBeCarriedAreNamedBeforeAnythingHappens(t *testing.T) {
	for kind, c := range map[sandbox.Kind]struct{ table, want string }{
		sandbox.MariaDB: {"CREATE TABLE a.types (i INT PRIMARY KEY, u UUID, a INET6)",
			"a.hides (has invisible columns), a.types (has columns of type inet6, uuid), a.x.y (its name)"},
		sandbox.MySQL97: {"CREATE TABLE a.types (i INT PRIMARY KEY, made TIMESTAMP DEFAULT CURRENT_TIMESTAMP)",
			"a.hides (has invisible columns), a.types (has columns with computed defaults), a.x.y (its name), ü.t (its name)"},
	} {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorldOf(t, kind, mydumper.Options{})
			w.Exec(w.Source, "CREATE DATABASE a", "CREATE TABLE a.hides (i INT PRIMARY KEY, h INT INVISIBLE)", "CREATE TABLE a.`x.y` (i INT PRIMARY KEY)",
				"CREATE TABLE a.fine (i INT PRIMARY KEY)", "CREATE DATABASE ü", "CREATE TABLE ü.t (a INT PRIMARY KEY)", c.table)
			err := w.Method.Backup(t.Context(), w.Work)
			if methodtest.Code(err) != mydumper.CodeNotCarried || !strings.Contains(err.Error(), c.want+";") {
				t.Errorf("backup said %v", err)
			}
			w.NothingLeft()
		})
	}
}

func TestMydumperThatEndsBadlyLeavesNoDump(t *testing.T) {
	w := newWorld(t, mydumper.Options{})
	w.Fill(sandbox.FillOptions{NoObjects: true, Bytes: 2 << 20, Tables: 1})
	methodtest.EndsBadly(t, w, w.Method.Backup, "SEED_REAL_MYDUMPER", "mydumper",
		methodtest.StandIn{Dir: "wrong-exit", Code: mysqldump.CodeDump, Text: "exit status 3"},
		methodtest.StandIn{Dir: "reports-error", Code: mysqldump.CodeDump, Text: "Lost connection"},
		methodtest.StandIn{Dir: "killed", Code: mysqldump.CodeDump, Text: "signal: killed"},
		methodtest.StandIn{Dir: "cut", Code: mysqldump.CodeCut, Text: "does not say that the dump finished"},
		methodtest.StandIn{Dir: "table-missing", Code: mysqldump.CodeCut, Text: "no file for sbtest.sbtest1"},
	)
}

func TestDamagedRowsLeaveTheTargetAsItWas(t *testing.T) {
	w := newWorld(t, mydumper.Options{})
	w.Fill(sandbox.FillOptions{NoObjects: true, Bytes: 1 << 20, Tables: 1})
	w.Exec(w.Target, "CREATE DATABASE old_data")
	w.Must("backup", w.Method.Backup)
	path := filepath.Join(w.Work.Dir, "rows", "sbtest.sbtest1.sql")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, damage := range map[string]func() error{
		"a byte": func() error { return os.WriteFile(path, append([]byte{good[0] ^ 1}, good[1:]...), 0o600) },
		"cut":    func() error { return os.WriteFile(path, good[:len(good)-1], 0o600) },
		"gone":   func() error { return os.Remove(path) },
		"more":   func() error { return os.WriteFile(filepath.Join(w.Work.Dir, "rows", "z.z.sql"), good, 0o600) },
	} {
		if err := errors.Join(os.WriteFile(path, good, 0o600), damage()); err != nil {
			t.Fatal(err)
		}
		if err := w.Method.Restore(t.Context(), w.Work); methodtest.Code(err) != mysqldump.CodeDamaged {
			t.Errorf("%s: restore said %v", what, err)
		}
	}
	if w.Count(w.Target, "information_schema.schemata WHERE schema_name = 'old_data'") != 1 {
		t.Error("the target's old data is gone")
	}
}

func TestDefinitionThatChangesDuringTheBackupIsAnError(t *testing.T) {
	w := newWorld(t, mydumper.Options{})
	w.Fill(sandbox.FillOptions{NoObjects: true, Bytes: 1 << 20, Tables: 1})
	w.Run.OnSay = func(text string) {
		if strings.HasPrefix(text, "mydumper left ") {
			w.Exec(w.Source, "CREATE VIEW sbtest.late AS SELECT 1", "ALTER TABLE sbtest.sbtest1 COMMENT 'other'")
		}
	}
	err := w.Method.Backup(t.Context(), w.Work)
	if methodtest.Code(err) != mysqldump.CodeDefinitions || !strings.Contains(err.Error(), "table sbtest.sbtest1 was altered, view sbtest.late is new") {
		t.Errorf("backup said %v", err)
	}
	w.NothingLeft()
}

func TestLoadThatIsAbortedEndsItsProcessesAndStatementsAndLeavesNothing(t *testing.T) {
	w := newWorld(t, mydumper.Options{Threads: 2})
	w.Fill(sandbox.FillOptions{NoObjects: true, Bytes: 24 << 20, Tables: 2})
	w.Must("backup", w.Method.Backup)
	ctx, cancel := context.WithCancelCause(t.Context())
	aborted := errors.New("aborted by a person")
	w.Run.OnProgress = func(p agentapi.Progress) {
		what := p.What
		if strings.HasPrefix(what, "loading sbtest.") {
			cancel(aborted)
		}
	}
	if err := w.Method.Restore(ctx, w.Work); !errors.Is(err, aborted) {
		t.Errorf("restore said %v", err)
	}
	w.Run.OnProgress = nil
	if n := w.Count(w.Target, "information_schema.processlist WHERE info LIKE 'INSERT INTO%'"); n > 0 {
		t.Errorf("%d statements go on in the target", n)
	}
	w.Must("restore again", w.Method.Restore)
	w.Same()
	w.Must("release", w.Method.Release)
	w.NothingLeft()
}

func TestLoadThatFailsIsAnErrorAndLeavesAnEmptyTargetOnRelease(t *testing.T) {
	w := newWorld(t, mydumper.Options{Threads: 1})
	w.Fill(sandbox.FillOptions{NoObjects: true, Bytes: 8 << 20, Tables: 2})
	w.Must("backup", w.Method.Backup)
	var once sync.Once
	w.Run.OnProgress = func(p agentapi.Progress) {
		what := p.What
		if table, found := strings.CutPrefix(what, "loading sbtest."); found {
			once.Do(func() {
				other := map[bool]string{true: "sbtest2", false: "sbtest1"}[strings.HasPrefix(table, "sbtest1 ")]
				w.Exec(w.Target, "DROP TABLE sbtest."+other)
			})
		}
	}
	err := w.Method.Restore(t.Context(), w.Work)
	if methodtest.Code(err) != mysqldump.CodeLoad || !strings.Contains(err.Error(), "doesn't exist") {
		t.Errorf("restore said %v with code %q", err, methodtest.Code(err))
	}
	w.Must("release", w.Method.Release)
	w.NothingLeft()
	if n := w.Count(w.Target, "information_schema.schemata WHERE schema_name = 'sbtest'"); n != 0 {
		t.Error("a part of the copy is left on the target")
	}
}
