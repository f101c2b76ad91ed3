package mysqldump_test

import (
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestAgentThatReachesTheSourceInsteadOfItsOwnServerDropsNothing(t *testing.T) {
	w := newWorld(t, sandbox.MariaDB)
	db := w.source.Open("")
	for _, q := range []string{"CREATE DATABASE precious", "CREATE TABLE precious.t (id INT)", "INSERT INTO precious.t VALUES (1)"} {
		if _, err := db.ExecContext(w.ctx(), q); err != nil {
			t.Fatal(err)
		}
	}
	w.backup()
	servers := host.NewMySQL(host.MySQLOptions{User: sandbox.AdminUser, Password: "sandbox-password", Host: w.source.Host, Port: w.source.Port})
	wrong, err := mysqldump.New(mysqldump.Options{Servers: servers, Streams: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := wrong.Restore(w.ctx(), w.work); code(err) != mysqldump.CodeSameServer {
		t.Errorf("restore into the source: %v", err)
	}
	var rows int
	if err := db.QueryRowContext(w.ctx(), "SELECT COUNT(*) FROM precious.t").Scan(&rows); err != nil || rows != 1 {
		t.Errorf("the source has %d rows, %v", rows, err)
	}
}

func TestTargetThatOthersReplicateFromKeepsItsData(t *testing.T) {
	w := newWorld(t, sandbox.MariaDB)
	w.backup()
	replica := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MariaDB})
	if err := sandbox.MakeReplica(w.ctx(), replica, w.target, true); err != nil {
		t.Fatal(err)
	}
	db := w.target.Open("")
	if _, err := db.ExecContext(w.ctx(), "CREATE DATABASE precious"); err != nil {
		t.Fatal(err)
	}
	if err := w.method.Restore(w.ctx(), w.work); code(err) != mysqldump.CodeHasReplicas {
		t.Errorf("restore into a server with replicas: %v", err)
	}
	var schemas int
	if err := db.QueryRowContext(w.ctx(), "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'precious'").Scan(&schemas); err != nil || schemas != 1 {
		t.Errorf("the target has %d such schemas, %v", schemas, err)
	}
}
