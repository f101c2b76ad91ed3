package mysqldump_test

import (
	"fmt"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// The least that the agent's account needs; docs/methods/mysqldump.md shows the same lists.
var (
	sourceGrants = map[sandbox.Kind][]string{
		sandbox.MariaDB: {"GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES, RELOAD, BINLOG MONITOR ON *.* TO %s"},
		sandbox.MySQL97: {"GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES, RELOAD, REPLICATION CLIENT ON *.* TO %s"},
	}
	targetGrants = map[sandbox.Kind][]string{
		sandbox.MariaDB: {"GRANT ALL PRIVILEGES ON *.* TO %s WITH GRANT OPTION"},
		sandbox.MySQL97: {"GRANT ALL PRIVILEGES ON *.* TO %s WITH GRANT OPTION"},
	}
)

func TestLeastPrivilegesAreEnough(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t, kind)
			w.Fill(sandbox.FillOptions{})
			account := "'seeder'@'%'"
			for _, s := range []struct {
				server *sandbox.Server
				grants []string
			}{{w.Source, sourceGrants[kind]}, {w.Target, targetGrants[kind]}} {
				w.Exec(s.server, "SET SESSION sql_log_bin = 0", "CREATE USER "+account+" IDENTIFIED BY 'it''s a \"pass#word\" ü'")
				for _, g := range s.grants {
					w.Exec(s.server, fmt.Sprintf(g, account))
				}
			}
			w.As("seeder", `it's a "pass#word" ü`)
			w.Backup()
			w.Restore()
			w.Same()
			if t.Failed() {
				t.Log(w.Run.Text())
			}
		})
	}
}
