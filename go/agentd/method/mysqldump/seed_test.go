package mysqldump_test

import (
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/contract"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestMain(m *testing.M) {
	contract.Agent(subject.Make)
	goleak.VerifyTestMain(m)
}

var kinds = []sandbox.Kind{sandbox.MariaDB, sandbox.MySQL97}

func TestEveryKindOfObjectArrivesEqual(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t, kind)
			w.Fill(sandbox.FillOptions{Bytes: 24 << 20, Tables: 2})
			w.Exec(w.Target, "CREATE DATABASE old_data", "CREATE TABLE old_data.t (a INT PRIMARY KEY)", "INSERT INTO old_data.t VALUES (1)",
				"CREATE USER 'left'@'%'")
			w.Backup()
			w.Restore()
			w.Same()
			if found := w.Query(w.Target, "SELECT CONCAT(event_schema, '.', event_name) FROM information_schema.events WHERE status = 'ENABLED'"); len(found) > 0 {
				t.Errorf("events are enabled on the target: %v", found)
			}
			if t.Failed() {
				t.Log(w.Run.Text())
			}
		})
	}
}

func TestEmptyServerGivesAPositionAndEmptiesTheTarget(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t, kind)
			w.Exec(w.Target, "CREATE DATABASE old_data")
			w.Backup()
			w.Restore()
			w.Same()
			if m, err := w.Method.Metadata(w.T.Context(), w.Work); err != nil || m.LogFile == "" || m.LogPos == 0 {
				t.Errorf("metadata is %+v, %v", m, err)
			}
		})
	}
}

func TestRowLongerThanTheTargetTakesArrives(t *testing.T) {
	w := newWorld(t, sandbox.MariaDB)
	w.Exec(w.Source, "CREATE DATABASE big", "CREATE TABLE big.t (a INT PRIMARY KEY, b LONGBLOB, KEY (b(10)))", "INSERT INTO big.t VALUES (1, REPEAT('x', 9000000))")
	w.Exec(w.Target, "SET GLOBAL max_allowed_packet = 1048576")
	w.Backup()
	w.Restore()
	if got := w.Query(w.Target, "SELECT @@GLOBAL.max_allowed_packet"); got[0] != "1048576" {
		t.Errorf("max_allowed_packet is %s after the restore", got[0])
	}
	w.Exec(w.Target, "SET GLOBAL max_allowed_packet = 67108864")
	w.Same()
}

func TestPositionIsTheOneOfTheCopy(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t, kind)
			w.Exec(w.Source, "CREATE DATABASE a", "CREATE TABLE a.t (i INT PRIMARY KEY)", "INSERT INTO a.t VALUES (1)")
			gtid := "SELECT @@GLOBAL.gtid_executed"
			if kind == sandbox.MariaDB {
				gtid = "SELECT @@GLOBAL.gtid_binlog_pos"
			}
			want := w.Query(w.Source, gtid)[0]
			w.Backup()
			m, err := w.Method.Metadata(w.T.Context(), w.Work)
			if err != nil || m.GtidExecuted != want || want == "" {
				t.Errorf("metadata is %+v, %v; the source has %s", m, err, want)
			}
		})
	}
}

func TestModesOfTheSourceThatChangeQuotingChangeNothing(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t, kind)
			w.Exec(w.Source, "SET SESSION sql_mode = ''", "CREATE DATABASE a", "CREATE TABLE a.t (i INT PRIMARY KEY, v TEXT)",
				`INSERT INTO a.t VALUES (1, 'back\\slash \' " \n(2, line'), (2, '\\'), (3, '\r\n\0\Z')`, `CREATE USER 'o''brien "x" \\'@'%' IDENTIFIED BY 'x'`,
				`GRANT SELECT ON a.* TO 'o''brien "x" \\'@'%'`, "SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES,PIPES_AS_CONCAT'")
			w.Backup()
			w.Restore()
			w.Exec(w.Source, "SET GLOBAL sql_mode = ''")
			w.Same()
		})
	}
}

func TestRowsOfThePastArriveToo(t *testing.T) {
	w := newWorld(t, sandbox.MariaDB)
	w.Exec(w.Source, "CREATE DATABASE a", "CREATE TABLE a.t (i INT PRIMARY KEY, v INT, KEY (v)) WITH SYSTEM VERSIONING",
		"CREATE TABLE a.named (i INT PRIMARY KEY, s TIMESTAMP(6) GENERATED ALWAYS AS ROW START, e TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING",
		"INSERT INTO a.t VALUES (1, 1), (2, 2), (3, 3)", "UPDATE a.t SET v = 10 WHERE i = 1", "UPDATE a.t SET v = 11 WHERE i = 1", "DELETE FROM a.t WHERE i = 2",
		"INSERT INTO a.named (i) VALUES (1), (2)", "DELETE FROM a.named WHERE i = 1")
	w.Backup()
	w.Restore()
	w.Same()
	for _, q := range []string{"SELECT CONCAT_WS('|', i, v, row_start, row_end) FROM a.t FOR SYSTEM_TIME ALL ORDER BY 1", "SELECT CONCAT_WS('|', i, s, e) FROM a.named FOR SYSTEM_TIME ALL ORDER BY 1"} {
		want, got := w.Query(w.Source, q), w.Query(w.Target, q)
		if len(want) < 2 || !slices.Equal(want, got) {
			t.Errorf("%s\nsource: %v\ntarget: %v", q, want, got)
		}
	}
	w.Exec(w.Source, "CREATE TABLE a.trx (i INT PRIMARY KEY, s BIGINT UNSIGNED GENERATED ALWAYS AS ROW START, e BIGINT UNSIGNED GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING",
		"INSERT INTO a.trx (i) VALUES (1), (2)")
	w.Backup()
	if text := w.Run.Text(); !strings.Contains(text, "because a.trx is versioned by transactions") {
		t.Errorf("nobody was told:\n%s", text)
	}
	w.Restore()
	if n := w.Count(w.Target, "a.trx"); n != 2 {
		t.Errorf("%d rows of 2 arrived in the table that is versioned by transactions", n)
	}
}
