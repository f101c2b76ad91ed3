package xtrabackup_test

import (
	"os"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestEveryKindOfObjectArrivesEqualUnderWriteLoad(t *testing.T) {
	w := newWorld(t, options{server: sandbox.Options{Passwords: sandbox.AwkwardPasswords()}})
	w.exec(w.tgt.server, "CREATE DATABASE old_data", "CREATE TABLE old_data.t (a INT PRIMARY KEY)", "INSERT INTO old_data.t VALUES (1)")
	w.fill(sandbox.FillOptions{Bytes: 64 << 20, Tables: 4})
	w.settle()
	db := w.src.server.Open("")
	defer db.Close()
	load, err := sandbox.WriteLoad(t.Context(), db, sandbox.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w.seed()
	w.connect()
	if _, err := load.Stop(); err != nil {
		t.Fatal(err)
	}
	w.caughtUp()
	w.same()
	w.cleanup()
	w.nothingLeft()
	t.Log(w.src.run.Text())
	t.Log(w.tgt.run.Text())
	for _, p := range w.tgt.run.Progressed() {
		if strings.Contains(p.What, "log") {
			t.Logf("%d of %d: %s", p.Bytes, p.Total, p.What)
		}
	}
}

func TestSeparateDirectoriesOfTheTargetGetTheirPartsOfTheCopy(t *testing.T) {
	undo, redo, logs := t.TempDir(), t.TempDir(), t.TempDir()
	w := newWorld(t, options{
		source: []string{"innodb_undo_tablespaces=3"},
		target: []string{"innodb_log_group_home_dir=" + redo, "log_bin=" + logs + "/bin", "innodb_data_home_dir=" + undo},
	})
	w.withOldData(8 << 20)
	w.settle()
	w.seed()
	w.same()
	for _, path := range []string{redo + "/ib_logfile0", undo + "/ibdata1", logs + "/bin.index"} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	w.connect()
	w.caughtUp()
	w.same()
	w.cleanup()
	w.nothingLeft()
}

func TestAttemptThatStartsAgainFromPrepareLeavesNothingOfTheEarlierOne(t *testing.T) {
	w := newWorld(t, options{})
	w.withOldData(8 << 20)
	w.settle()
	for range 3 {
		w.prepare()
		w.mustBackup()
	}
	w.must(w.tgt, "restore", w.tgt.m.Restore)
	w.must(w.tgt, "restore again", w.tgt.m.Restore)
	w.same()
	w.cleanup()
	w.must(w.tgt, "cleanup again", w.tgt.m.Cleanup)
	w.release()
	w.same()
	w.nothingLeft()
}
