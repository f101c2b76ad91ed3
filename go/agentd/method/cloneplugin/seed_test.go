package cloneplugin_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestTargetBecomesReplicaOfSourceUnderWriteLoad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		gtid bool
	}{{"by GTID", true}, {"by file and position", false}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			servers := sandbox.Options{NoGTID: !c.gtid, Passwords: sandbox.AwkwardPasswords()}
			if !c.gtid {
				servers.Extra = []string{"gtid_mode=OFF", "enforce_gtid_consistency=OFF"} // on by default in 9.7
			}
			w := newWorld(t, options{source: servers, target: servers})
			w.objects()
			w.fill(24<<20, 4)
			before := w.source.state97()
			db := w.source.Open("")
			load, err := sandbox.WriteLoad(t.Context(), db, sandbox.LoadOptions{Rate: 100, Bulk: "sbtest.sbtest1", DDL: true})
			if err != nil {
				t.Fatal(err)
			}
			w.seed()
			at, err := w.target.method.Metadata(t.Context(), w.target.work)
			if err != nil {
				t.Fatal(err)
			}
			if at.LogFile == "" || at.LogPos == 0 || (at.GtidExecuted != "") != c.gtid {
				t.Errorf("position %+v", at)
			}
			if own := w.target.ask("SELECT GTID_SUBTRACT(@@gtid_executed, ?)", at.GtidExecuted); own != "" {
				t.Errorf("the clone has transactions of its own: %s", own)
			}
			if got := w.target.ask("SELECT status FROM information_schema.events WHERE event_name = 'ticks'"); got != "REPLICA_SIDE_DISABLED" && got != "SLAVESIDE_DISABLED" {
				t.Errorf("the source's event is %s on the target", got)
			}
			w.connect()
			if _, err := load.Stop(); err != nil {
				t.Fatal(err)
			}
			w.source.exec("SET GLOBAL event_scheduler = OFF")
			w.target.cleanup()
			w.source.cleanup()
			w.same()
			w.source.exec("SET GLOBAL event_scheduler = ON")
			if after := w.source.state97(); after != before {
				t.Errorf("the source was %q and is now %q", before, after)
			}
			w.nothingLeft()
			if got := w.target.run.OldDataSaid(); len(got) == 0 || got[len(got)-1] != agentapi.OldDataRemoved {
				t.Errorf("old data: %v", got)
			}
			w.progressGrew()
		})
	}
}

// objects fills the source with objects of all kinds, but for rows that a clone leaves out, and an event that is enabled.
func (w *world) objects() {
	w.Helper()
	db := w.source.Open("")
	defer db.Close()
	if err := sandbox.Fill(w.Context(), db, sandbox.FillOptions{}); err != nil {
		w.Fatal(err)
	}
	others := w.source.ask("SELECT CONCAT(IF(engine = 'ARCHIVE', 'DROP TABLE `', 'TRUNCATE TABLE `'), table_schema, '`.`', table_name, '`')" + ` FROM information_schema.tables
		WHERE table_type = 'BASE TABLE' AND engine NOT IN ('InnoDB', 'BLACKHOLE') AND table_schema NOT IN ('mysql', 'performance_schema', 'information_schema', 'sys')`)
	if others != "" {
		w.source.exec(strings.Split(others, ",")...)
	}
	// A counter that was advanced without a row being written is in memory only, and SHOW CREATE TABLE shows it.
	if err := errors.Join(w.source.Stop(w.Context()), w.source.Restart(w.Context())); err != nil {
		w.Fatal(err)
	}
	w.source.exec("CREATE DATABASE IF NOT EXISTS shop", "CREATE TABLE shop.ticked (id INT AUTO_INCREMENT PRIMARY KEY, at TIMESTAMP(6) DEFAULT CURRENT_TIMESTAMP(6))",
		"CREATE EVENT shop.ticks ON SCHEDULE EVERY 1 SECOND DO INSERT INTO shop.ticked () VALUES ()")
}

// progressGrew fails the test unless the backup told bytes that grew to a total that was told.
func (w *world) progressGrew() {
	w.Helper()
	var last agentapi.Progress
	for _, p := range w.target.run.Progressed() {
		if p.Bytes < last.Bytes && p.Bytes != 0 {
			w.Errorf("progress went from %+v to %+v", last, p)
		}
		if p.Bytes > 0 {
			last = p
		}
	}
	if last.Bytes < 24<<20 || last.Total != last.Bytes {
		w.Errorf("last progress %+v", last)
	}
}
