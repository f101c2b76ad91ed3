package mysqldump_test

import (
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// An agent that made a role has it: also the one of an earlier Restore that was cut off.
func TestRoleThatTheAgentsAccountHasOnTheTargetIsNoHindrance(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t, kind)
			w.Fill(sandbox.FillOptions{})
			w.Exec(w.Target, "CREATE ROLE reader, leftover", "GRANT reader TO "+sandbox.AdminUser+" WITH ADMIN OPTION", "GRANT leftover TO "+sandbox.AdminUser)
			w.Backup()
			w.Restore()
			w.Same()
		})
	}
}
