package store

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/go/store/migrations"
)

// onBackends runs a test on an empty database of each dialect: db runs statements before and between Opens.
func onBackends(t *testing.T, test func(t *testing.T, o Options, run func(statement string))) {
	t.Run("sqlite3", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "seed.sqlite")
		db, err := sql.Open("sqlite3", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		test(t, Options{Dialect: "sqlite3", Path: path}, runner(t, db))
	})
	t.Run("mysql", func(t *testing.T) {
		server := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MariaDB})
		admin := server.Open("")
		runner(t, admin)("CREATE DATABASE seed")
		admin.Close()
		test(t, Options{Dialect: "mysql", MySQL: MySQL{Host: server.Host, Port: server.Port, Database: "seed",
			User: sandbox.AdminUser, Password: server.Passwords.Admin}}, runner(t, server.Open("seed")))
	})
}

func runner(t *testing.T, db *sql.DB) func(string) {
	return func(statement string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// reopen opens the database and closes it.
func reopen(t *testing.T, o Options) error {
	t.Helper()
	s, err := Open(t.Context(), o)
	if err != nil {
		return err
	}
	return errors.Join(s.Ping(t.Context()), s.Close())
}

func TestSchemaOfANewerProgramIsRefused(t *testing.T) {
	onBackends(t, func(t *testing.T, o Options, run func(string)) {
		if err := reopen(t, o); err != nil {
			t.Fatal(err)
		}
		run("INSERT INTO seed_schema_version (version, name, applied_at) VALUES (99, '0099_later', '2030-01-01 00:00:00')")
		err := reopen(t, o)
		if err == nil || !strings.Contains(err.Error(), "schema is version 99, this program knows 2") {
			t.Fatalf("got %v", err)
		}
	})
}

func TestTablesOfAnOlderOrchestratorAreRefusedUntouched(t *testing.T) {
	onBackends(t, func(t *testing.T, o Options, run func(string)) {
		run(`CREATE TABLE host_agent (hostname VARCHAR(128) NOT NULL PRIMARY KEY, port SMALLINT NOT NULL, token VARCHAR(128) NOT NULL,
			last_submitted TIMESTAMP NULL, last_checked TIMESTAMP NULL, last_seen TIMESTAMP NULL, mysql_port SMALLINT NULL,
			count_mysql_snapshots SMALLINT NOT NULL)`)
		for range 2 {
			if err := reopen(t, o); err == nil || !strings.Contains(err.Error(), "those of an older orchestrator") {
				t.Fatalf("got %v", err)
			}
		}
		run("INSERT INTO host_agent (hostname, port, token, count_mysql_snapshots) VALUES ('h', 1, 't', 2)")
		run("DROP TABLE host_agent")
		if err := reopen(t, o); err != nil {
			t.Fatal(err)
		}
	})
}

func TestOrchestratorsOwnTablesAreKeptAndItsKnowledgeUsed(t *testing.T) {
	onBackends(t, func(t *testing.T, o Options, run func(string)) {
		run(`CREATE TABLE cluster_alias (cluster_name VARCHAR(128) NOT NULL PRIMARY KEY, alias VARCHAR(128) NOT NULL, last_registered TIMESTAMP NULL)`)
		run("INSERT INTO cluster_alias (cluster_name, alias) VALUES ('db1:3306', 'shop')")
		if err := reopen(t, o); err != nil {
			t.Fatal(err)
		}
		run("INSERT INTO database_instance (hostname, port, version, cluster_name) VALUES ('tgt', 3306, '8.0.36', 'db1:3306')")
		s, err := Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		h := &agent.Host{Status: agent.HostActive}
		h.Info.Hostname, h.Info.Port, h.Info.MySQLPort = "tgt", 3002, 3306
		for range 2 {
			if err := s.SaveHost(t.Context(), h); err != nil {
				t.Fatal(err)
			}
		}
		read, err := s.Host(t.Context(), "tgt")
		if err != nil || read.ClusterAlias != "shop" || read.MySQLVersion != "8.0.36" {
			t.Fatalf("read %+v, %v", read, err)
		}
		h.ClusterAlias = "own"
		if err := s.SaveHost(t.Context(), h); err != nil {
			t.Fatal(err)
		}
		if read, err = s.Host(t.Context(), "tgt"); err != nil || read.ClusterAlias != "own" {
			t.Fatalf("read %+v, %v", read, err)
		}
	})
}

// A crash after any statement of a file leaves something on which the next start goes on.
func TestMigrationCutOffAnywhereIsFinishedByTheNextStart(t *testing.T) {
	onBackends(t, func(t *testing.T, o Options, run func(string)) {
		s := Store{d: &sqliteDialect}
		if o.Dialect == "mysql" {
			s.d = &mysqlDialect
		}
		all, err := readMigrations(migrations.FS, s.d.migrations)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			for _, statement := range m.statements {
				run(statement) // twice, as the files promise to bear
				run(statement)
			}
		}
		run(s.d.versionTable)
		for range 2 {
			if err := reopen(t, o); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestMigrationThatFailsLeavesTheVersionAsItWas(t *testing.T) {
	s, err := Open(t.Context(), Options{Dialect: "sqlite3", Path: filepath.Join(t.TempDir(), "seed.sqlite")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	conn, err := s.write.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	bad := migration{version: 98, name: "0098_bad", statements: []string{"CREATE TABLE more (a INTEGER)", "CREATE NONSENSE"}}
	if err := s.apply(context.Background(), conn, bad); err == nil || !strings.Contains(err.Error(), "CREATE NONSENSE") {
		t.Fatalf("got %v", err)
	}
	bad.statements[1] = "INSERT INTO more (a) VALUES (1)"
	if err := s.apply(context.Background(), conn, bad); err != nil {
		t.Fatal(err) // so the table of the first try is gone
	}
}

func TestMigrationsHaveTheSameNumbersOnBothDialects(t *testing.T) {
	lite, err := readMigrations(migrations.FS, "sqlite")
	if err != nil {
		t.Fatal(err)
	}
	my, err := readMigrations(migrations.FS, "mysql")
	if err != nil {
		t.Fatal(err)
	}
	if len(lite) != len(my) {
		t.Fatalf("%d and %d migrations", len(lite), len(my))
	}
	for i := range lite {
		if lite[i].name != my[i].name {
			t.Errorf("%s and %s", lite[i].name, my[i].name)
		}
	}
}

func TestWronglyNumberedMigrationsAreRefused(t *testing.T) {
	file := &fstest.MapFile{Data: []byte("SELECT 1;")}
	for what, fsys := range map[string]fstest.MapFS{
		"none": {}, "gap": {"d/0001_a.sql": file, "d/0003_b.sql": file}, "twice": {"d/0001_a.sql": file, "d/0001_b.sql": file}, "no number": {"d/a.sql": file},
	} {
		if _, err := readMigrations(fsys, "d"); err == nil {
			t.Errorf("%s: taken", what)
		}
	}
}

func TestStatementsEndAtASemicolonThatEndsALine(t *testing.T) {
	got := statementsOf("-- a comment;\nINSERT INTO a\n  VALUES (';', 1);\n\n  -- more\nSELECT 2; \nSELECT 3")
	want := []string{"INSERT INTO a\n  VALUES (';', 1);", "SELECT 2;", "SELECT 3"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Fatalf("got %q", got)
	}
}
