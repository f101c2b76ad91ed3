package mysqldump_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestAbortWhileTheOldSchemasAreDroppedLeavesAllOrNone(t *testing.T) {
	for at, left := range map[string]int{"dropping a_old": 2, "dropping b_old": 0} { // before the first, after it
		w := newWorld(t, sandbox.MariaDB)
		w.Exec(w.Source, "CREATE DATABASE shop")
		w.Exec(w.Target, "CREATE DATABASE a_old", "CREATE DATABASE b_old")
		w.Backup()
		ctx, cancel := context.WithCancel(w.T.Context())
		w.Run.OnProgress = func(p agentapi.Progress) {
			if p.What == at {
				cancel()
			}
		}
		if err := w.Method.Restore(ctx, w.Work); !errors.Is(err, context.Canceled) {
			t.Errorf("restore said %v", err)
		}
		for range 2 {
			if err := w.Method.Release(w.T.Context(), w.Work); err != nil {
				t.Fatal(err)
			}
		}
		found := w.Query(w.Target, "SHOW DATABASES LIKE '%\\_old'")
		if len(found) != left {
			t.Errorf("aborted when %s, the target holds %s", at, strings.Join(found, ", "))
		}
	}
}
