package mysqldump

import (
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpsql"
)

// disableEvent makes an event that is enabled one that is disabled on a replica, as replication would create it. Other
// statements come back as they are. The text is what servers print for SHOW CREATE EVENT: the state stands behind the
// first ON COMPLETION after the event's name, and nothing of a user's own text stands between.
func disableEvent(statement string, server host.Server) string {
	head, rest, found := strings.Cut(statement, " EVENT ")
	if !found || !strings.Contains(strings.ToUpper(head), "CREATE") {
		return statement
	}
	name, after, ok := dumpsql.CutName(strings.TrimLeft(rest, " "))
	if !ok {
		return statement
	}
	for _, state := range []string{" ON COMPLETION NOT PRESERVE ENABLE", " ON COMPLETION PRESERVE ENABLE"} {
		schedule, body, found := strings.Cut(after, state)
		if !found || strings.Contains(schedule, " DO ") {
			continue
		}
		disabled := strings.TrimSuffix(state, "ENABLE") + "DISABLE ON SLAVE"
		if server.Flavour == host.FlavourMySQL && server.AtLeast(8, 2, 0) {
			disabled = strings.TrimSuffix(state, "ENABLE") + "DISABLE ON REPLICA"
		}
		return head + " EVENT " + dumpsql.Name(name) + schedule + disabled + body
	}
	return statement
}
