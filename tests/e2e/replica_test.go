package e2e

import (
	"fmt"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// oldData puts into the target what must be gone after the seed: schemas that the source lacks, one of a name that it has
// with other tables, and accounts.
func (w *world) oldData() {
	w.t.Helper()
	w.exec(w.target(),
		"CREATE DATABASE `old ``one``, it's`", "CREATE TABLE `old ``one``, it's`.t (id INT PRIMARY KEY, v LONGBLOB)",
		"INSERT INTO `old ``one``, it's`.t SELECT 1, REPEAT('x', 100000)",
		"CREATE VIEW `old ``one``, it's`.v AS SELECT id FROM `old ``one``, it's`.t",
		"CREATE DATABASE shop", "CREATE TABLE shop.customers (other INT PRIMARY KEY) ENGINE=MyISAM", "INSERT INTO shop.customers VALUES (1)",
		"CREATE TABLE shop.only_here (id INT PRIMARY KEY)", "CREATE TABLE shop.child (id INT, FOREIGN KEY (id) REFERENCES shop.only_here (id))",
		"CREATE TRIGGER shop.customer_ins BEFORE INSERT ON shop.only_here FOR EACH ROW SET NEW.id = NEW.id + 1",
		"CREATE EVENT shop.old_event ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO DELETE FROM shop.only_here",
		"CREATE PROCEDURE shop.old_procedure() SELECT 1",
		"CREATE USER 'left over'@'%' IDENTIFIED BY 'x'", "GRANT ALL ON shop.* TO 'left over'@'%'", "GRANT SELECT (other) ON shop.customers TO 'left over'@'%'")
}

// status is the replica's SHOW REPLICA STATUS.
func (w *world) status() map[string]string {
	w.t.Helper()
	show := "SHOW SLAVE STATUS"
	if w.Target.Server.Kind.Modern() {
		show = "SHOW REPLICA STATUS"
	}
	rows := w.rows(w.target(), show)
	if len(rows) != 1 {
		w.t.Fatalf("%s has %d rows, want 1", show, len(rows))
	}
	return rows[0]
}

// isReplica proves that the target is what the source is, now and after one more write. Nothing else may be writing.
func (w *world) isReplica(id int64) {
	w.t.Helper()
	w.gatePassed(id)
	source, target := w.source(), w.target()
	w.must(sandbox.WaitReplica(w.ctx, target, source), "wait for the replica")
	w.same()
	w.exec(source, "CREATE DATABASE arrival", "CREATE TABLE arrival.t (id INT PRIMARY KEY, text VARCHAR(50))", "INSERT INTO arrival.t VALUES (1, 'öne')")
	w.until("a write on the source arrives", func() error {
		var text string
		if err := target.QueryRowContext(w.ctx, "SELECT text FROM arrival.t WHERE id = 1").Scan(&text); err != nil || text != "öne" {
			return fmt.Errorf("%q, %w", text, err)
		}
		return nil
	})
	w.must(sandbox.WaitReplica(w.ctx, target, source), "wait for the replica")
	w.same()
	w.eventsAreOff()
	if !w.t.Failed() {
		table.add(w.methodOf(id), w.Target.Server.Kind, w.connectedBy())
	}
}

func (w *world) methodOf(id int64) agentapi.Method {
	w.t.Helper()
	s, err := w.Details(w.ctx, id)
	w.must(err, "read the seed")
	return s.SeedMethod
}

// connectedBy says how the replica finds its place in the source's binary log.
func (w *world) connectedBy() string {
	status := w.status()
	if status["Auto_Position"] == "1" || status["Using_Gtid"] == "Slave_Pos" {
		return "by GTID"
	}
	return "by file and position"
}

func (w *world) same() {
	w.t.Helper()
	differences, err := sandbox.Compare(w.ctx, w.source(), w.target())
	w.must(err, "compare the servers")
	for _, d := range differences {
		w.t.Error(d)
	}
	if len(differences) > 0 {
		w.t.FailNow()
	}
}

func (w *world) gatePassed(id int64) {
	w.t.Helper()
	states, err := w.States(w.ctx, id)
	w.must(err, "read the history")
	var seen []string
	for _, s := range states {
		if s.Stage == agentapi.ConnectSlave {
			seen = append(seen, string(s.Status)+": "+s.Details)
			if s.Status == agentapi.Completed {
				return
			}
		}
	}
	w.t.Errorf("no row says that the gate was passed:\n%s", strings.Join(seen, "\n"))
}

// eventsAreOff: the source has an event that is enabled; on a replica none may run.
func (w *world) eventsAreOff() {
	w.t.Helper()
	const enabled = "SELECT EVENT_SCHEMA, EVENT_NAME FROM information_schema.EVENTS WHERE STATUS = 'ENABLED'"
	if len(w.rows(w.source(), enabled)) == 0 {
		w.t.Error("the source has no enabled event")
	}
	if on := w.rows(w.target(), enabled); len(on) != 0 {
		w.t.Errorf("events are enabled on the replica: %v", on)
	}
}
