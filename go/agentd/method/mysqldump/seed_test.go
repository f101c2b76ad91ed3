package mysqldump_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var kinds = []sandbox.Kind{sandbox.MariaDB, sandbox.MySQL97}

func TestEveryKindOfObjectArrivesEqual(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t, kind)
			w.fill(sandbox.FillOptions{Bytes: 24 << 20, Tables: 2})
			w.exec(w.target, "CREATE DATABASE old_data", "CREATE TABLE old_data.t (a INT PRIMARY KEY)", "INSERT INTO old_data.t VALUES (1)",
				"CREATE USER 'left'@'%'")
			w.backup()
			w.restore()
			w.same()
			if found := w.query(w.target, "SELECT CONCAT(event_schema, '.', event_name) FROM information_schema.events WHERE status = 'ENABLED'"); len(found) > 0 {
				t.Errorf("events are enabled on the target: %v", found)
			}
			if t.Failed() {
				t.Log(w.run.text())
			}
		})
	}
}
