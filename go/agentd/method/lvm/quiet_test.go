package lvm_test

import (
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// ticking is a source that is a replica itself and has an event that writes who ran it, on MySQL servers that heed both.
func ticking(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, options{server: sandbox.Options{Kind: sandbox.MySQL97, Extra: []string{"skip_slave_start=OFF", "event_scheduler=ON"}}})
	first := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MySQL97, Passwords: w.src.server.Passwords})
	if err := sandbox.MakeReplica(t.Context(), w.src.server, first, true); err != nil {
		t.Fatal(err)
	}
	w.exec(w.src.server, "CREATE DATABASE shop", "CREATE TABLE shop.ticks (id INT AUTO_INCREMENT PRIMARY KEY, who CHAR(36))",
		"CREATE EVENT shop.tick ON SCHEDULE EVERY 1 SECOND DO INSERT INTO shop.ticks (who) VALUES (@@server_uuid)")
	return w
}

// asReplica fails the test unless the target is what a replica is before it is connected.
func (w *world) asReplica() {
	w.t.Helper()
	for query, want := range map[string]string{
		"SELECT status FROM information_schema.events WHERE event_name = 'tick'":               "REPLICA_SIDE_DISABLED",
		"SELECT COUNT(*) FROM performance_schema.replication_connection_configuration":         "0",
		"SELECT COUNT(*) FROM performance_schema.persisted_variables":                          "0",
		"SELECT CONCAT(@@GLOBAL.event_scheduler, ' ', @@GLOBAL.persisted_globals_load)":        "ON 1",
		"SELECT COUNT(*) FROM performance_schema.threads WHERE name = 'thread/sql/replica_io'": "0",
	} {
		if got := strings.Join(w.query(w.tgt.server, query), ","); got != want {
			w.t.Errorf("%s is %s, want %s", query, got, want)
		}
	}
}

func TestCopyOfAReplicaWithEventsOfMySQLStartsQuietly(t *testing.T) {
	w := ticking(t)
	uuid := w.query(w.tgt.server, "SELECT @@server_uuid")
	w.seed()
	w.asReplica()
	if now := w.query(w.tgt.server, "SELECT @@server_uuid"); now[0] != uuid[0] {
		t.Errorf("server_uuid is %s, was %s", now, uuid)
	}
	w.exec(w.src.server, "DROP EVENT shop.tick")
	w.connect()
	if n := w.query(w.tgt.server, "SELECT COUNT(*) FROM shop.ticks WHERE who = @@server_uuid"); n[0] != "0" {
		t.Errorf("the event ran %s times on the target", n)
	}
	w.same()
	w.cleanup()
	w.nothingLeft()
}

func TestSeedThatIsReleasedAfterAQuietStartLeavesTheOldServerAsItWas(t *testing.T) {
	w := ticking(t)
	w.exec(w.tgt.server, "CREATE DATABASE old_data", "SET PERSIST_ONLY event_scheduler = 'ON'")
	w.seed()
	w.release()
	if got := w.query(w.tgt.server, "SELECT schema_name FROM information_schema.schemata WHERE schema_name IN ('old_data', 'shop')"); strings.Join(got, ",") != "old_data" {
		t.Errorf("the target holds %v", got)
	}
	if got := w.query(w.tgt.server, "SELECT CONCAT(variable_name, '=', variable_value) FROM performance_schema.persisted_variables"); strings.Join(got, ",") != "event_scheduler=ON" {
		t.Errorf("persisted are %v", got)
	}
	w.nothingLeft()
}

func TestTargetThatWasDownGetsItsEventsDisabledRightAfterItsStart(t *testing.T) {
	w := ticking(t)
	if _, err := w.tgt.keeper.Layout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.tgt.server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.seed()
	w.asReplica()
	if said := w.tgt.run.Text(); !strings.Contains(said, "MySQL was down") {
		t.Error(said)
	}
	w.connect()
	w.cleanup()
	w.nothingLeft()
}
