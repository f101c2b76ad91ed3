package mydumper_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mydumper"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// follow makes a server take a position for its own: before and after it is made a replica, which on MariaDB begins with the
// source's latest.
var follow = map[sandbox.Kind]struct{ before, after []string }{
	sandbox.MariaDB: {after: []string{"STOP SLAVE", "SET GLOBAL gtid_slave_pos = '%s'", "START SLAVE"}},
	sandbox.MySQL97: {before: []string{"RESET BINARY LOGS AND GTIDS", "SET GLOBAL gtid_purged = '%s'"}},
}

func TestRowsDumpedUnderWritesAreThoseOfThePosition(t *testing.T) {
	for kind, f := range follow {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorldOf(t, kind, mydumper.Options{Threads: 2})
			w.Fill(sandbox.FillOptions{NoObjects: true, Bytes: 12 << 20, Tables: 2, Logged: true})
			source, target := w.Source.Open(""), w.Target.Open("")
			defer source.Close()
			defer target.Close()
			load, err := sandbox.WriteLoad(t.Context(), source, sandbox.LoadOptions{Rate: 300, Bulk: "sbtest.sbtest1"})
			if err != nil {
				t.Fatal(err)
			}
			w.Backup()
			w.Restore()
			if _, err := load.Stop(); err != nil {
				t.Fatal(err)
			}
			m, err := w.Method.Metadata(t.Context(), w.Work)
			if err != nil {
				t.Fatal(err)
			}
			w.Exec(w.Target, at(f.before, m)...)
			if err := sandbox.MakeReplica(t.Context(), w.Target, w.Source, true); err != nil {
				t.Fatal(err)
			}
			w.Exec(w.Target, at(f.after, m)...)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := sandbox.WaitReplica(ctx, target, source); err != nil {
				t.Fatal(err)
			}
			w.Same()
		})
	}
}

// at puts a position's GTIDs into statements.
func at(statements []string, m agentapi.Metadata) []string {
	var all []string
	for _, s := range statements {
		all = append(all, strings.ReplaceAll(s, "%s", m.GtidExecuted))
	}
	return all
}
