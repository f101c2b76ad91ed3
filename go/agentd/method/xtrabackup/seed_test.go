package xtrabackup_test

import (
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
