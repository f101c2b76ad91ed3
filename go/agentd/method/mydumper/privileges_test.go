package mydumper_test

import (
	"fmt"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mydumper"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// The least that the agent's account needs on a source; docs/methods/mydumper.md shows the same lists.
var sourceGrants = map[sandbox.Kind]string{
	sandbox.MariaDB: "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES, RELOAD, BINLOG MONITOR ON *.* TO %s",
	sandbox.MySQL97: "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES, RELOAD, REPLICATION CLIENT, PROCESS ON *.* TO %s",
}

func TestLeastPrivilegesAreEnough(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.MariaDB, sandbox.MySQL97} {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorldOf(t, kind, mydumper.Options{Threads: 2})
			everyKind(w)
			account := "'seeder'@'%'"
			for server, grant := range map[*sandbox.Server]string{w.Source: sourceGrants[kind], w.Target: "GRANT ALL PRIVILEGES ON *.* TO %s WITH GRANT OPTION"} {
				w.Exec(server, "SET SESSION sql_log_bin = 0", "CREATE USER "+account+` IDENTIFIED BY 'it''s a "pass#word\\" ü'`, fmt.Sprintf(grant, account))
			}
			w.As("seeder", `it's a "pass#word\" ü`)
			w.Backup()
			w.Restore()
			w.Same()
		})
	}
}

func TestServersWithoutGTIDsGiveAPositionInAFile(t *testing.T) {
	w := methodtest.NewWorld(t, methodtest.WorldOptions{
		Servers: sandbox.Options{Kind: sandbox.MySQL97, NoGTID: true, Extra: []string{"gtid_mode=OFF", "enforce_gtid_consistency=OFF"}},
		Make: func(servers *host.MySQL) (method.Method, error) {
			return mydumper.New(mydumper.Options{Servers: servers, Threads: 2})
		},
	})
	everyKind(w)
	w.Backup()
	w.Restore()
	w.Same()
	m, err := w.Method.Metadata(t.Context(), w.Work)
	if err != nil || m.LogFile == "" || m.LogPos < 1000 || m.GtidExecuted != "" {
		t.Errorf("metadata is %+v, %v", m, err)
	}
}

func TestManySmallTablesAndALargeOneArrive(t *testing.T) {
	w := newWorld(t, mydumper.Options{Threads: 2})
	w.Fill(sandbox.FillOptions{NoObjects: true, Bytes: 24 << 20, Tables: 1})
	w.Exec(w.Source, "SET SESSION sql_log_bin = 0", "CREATE DATABASE many",
		"BEGIN NOT ATOMIC FOR i IN 1..1000 DO EXECUTE IMMEDIATE CONCAT('CREATE TABLE many.t', i, ' (a INT PRIMARY KEY) ENGINE=MyISAM'); "+
			"EXECUTE IMMEDIATE CONCAT('INSERT INTO many.t', i, ' VALUES (', i, ')'); END FOR; END")
	w.Backup()
	w.Restore()
	if n := w.Count(w.Target, "information_schema.tables WHERE table_schema = 'many'"); n != 1000 {
		t.Errorf("%d tables of 1000 arrived", n)
	}
	w.Must("release", w.Method.Release)
	w.NothingLeft()
}
