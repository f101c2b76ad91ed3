package lvm_test

import (
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestSourceUnderWriteLoadIsCopiedFromASnapshotToTheLastRow(t *testing.T) {
	for _, kind := range sandbox.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t, options{server: sandbox.Options{Kind: kind, Passwords: sandbox.AwkwardPasswords()}})
			w.fill(sandbox.FillOptions{Bytes: 24 << 20, Tables: 2})
			w.settle()
			db := w.src.server.Open("")
			load, err := sandbox.WriteLoad(t.Context(), db, sandbox.LoadOptions{Rate: 300, Bulk: "sbtest.sbtest1", DDL: kind != sandbox.MySQL56})
			if err != nil {
				t.Fatal(err)
			}
			w.exec(w.tgt.server, "CREATE DATABASE old_data", "CREATE TABLE old_data.t (a INT PRIMARY KEY)")
			w.seed()
			if _, err := load.Stop(); err != nil {
				t.Fatal(err)
			}
			w.connect()
			w.same()
			if said := w.src.run.Text(); !strings.Contains(said, "commits on the source were held for") {
				t.Error(said)
			} else {
				t.Log(said)
			}
			w.cleanup()
			w.nothingLeft()
		})
	}
}
