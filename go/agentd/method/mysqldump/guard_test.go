package mysqldump_test

import (
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestAgentThatReachesTheSourceInsteadOfItsOwnServerDropsNothing(t *testing.T) {
	w := newWorld(t, sandbox.MariaDB)
	db := w.Source.Open("")
	for _, q := range []string{"CREATE DATABASE precious", "CREATE TABLE precious.t (id INT)", "INSERT INTO precious.t VALUES (1)"} {
		if _, err := db.ExecContext(w.T.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	w.Backup()
	servers := host.NewMySQL(host.MySQLOptions{User: sandbox.AdminUser, Password: "sandbox-password", Host: w.Source.Host, Port: w.Source.Port})
	wrong, err := mysqldump.New(mysqldump.Options{Servers: servers, Streams: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := wrong.Restore(w.T.Context(), w.Work); methodtest.Code(err) != mysqldump.CodeSameServer {
		t.Errorf("restore into the source: %v", err)
	}
	var rows int
	if err := db.QueryRowContext(w.T.Context(), "SELECT COUNT(*) FROM precious.t").Scan(&rows); err != nil || rows != 1 {
		t.Errorf("the source has %d rows, %v", rows, err)
	}
}

func TestTargetThatOthersReplicateFromKeepsItsData(t *testing.T) {
	w := newWorld(t, sandbox.MariaDB)
	w.Backup()
	replica := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MariaDB})
	if err := sandbox.MakeReplica(w.T.Context(), replica, w.Target, true); err != nil {
		t.Fatal(err)
	}
	db := w.Target.Open("")
	if _, err := db.ExecContext(w.T.Context(), "CREATE DATABASE precious"); err != nil {
		t.Fatal(err)
	}
	if err := sandbox.WaitReplica(w.T.Context(), replica.Open(""), db); err != nil { // it is connected
		t.Fatal(err)
	}
	if err := w.Method.Restore(w.T.Context(), w.Work); methodtest.Code(err) != mysqldump.CodeHasReplicas {
		t.Errorf("restore into a server with replicas: %v", err)
	}
	var schemas int
	if err := db.QueryRowContext(w.T.Context(), "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'precious'").Scan(&schemas); err != nil || schemas != 1 {
		t.Errorf("the target has %d such schemas, %v", schemas, err)
	}
}
