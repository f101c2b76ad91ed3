package mysqldump

import (
	"context"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpsql"
)

// disableEvent makes an event that is enabled one that is disabled on a replica, as replication would create it. Other
// statements come back as they are. The text is what servers print for SHOW CREATE EVENT: the state stands behind the
// first ON COMPLETION after the event's name, and nothing of a user's own text stands between.
func disableEvent(statement string, server host.Server) string {
	head, rest, found := dumpsql.CutOutside(statement, " EVENT ")
	if !found || !strings.Contains(strings.ToUpper(head), "CREATE") {
		return statement
	}
	name, after, ok := dumpsql.CutName(strings.TrimLeft(rest, " "))
	if !ok {
		return statement
	}
	state := "DISABLE ON SLAVE"
	if server.Flavour == host.FlavourMySQL && server.AtLeast(8, 2, 0) {
		state = "DISABLE ON REPLICA"
	}
	schedule, tail, found := dumpsql.CutOutside(after, " ON COMPLETION ")
	if !found {
		return statement
	}
	for _, keep := range []string{"NOT PRESERVE ", "PRESERVE "} {
		if body, found := strings.CutPrefix(tail, keep+"ENABLE "); found {
			return head + " EVENT " + dumpsql.Name(name) + schedule + " ON COMPLETION " + keep + state + " " + body
		}
	}
	return statement
}

// checkEvents proves that no event can run on the target.
func (l *loader) checkEvents(ctx context.Context, s *session) error {
	const query = `SELECT CONCAT(event_schema, '.', event_name) FROM information_schema.events WHERE status = 'ENABLED' AND event_schema ` + userSchema
	enabled, err := strings1(ctx, s, query)
	if err != nil {
		return loadError(err, "reading the target's events")
	}
	if len(enabled) > 0 {
		return failed(CodeLoad, "disable them on the source for the time of the backup, and report this", nil,
			"events would run on the target: %s", strings.Join(enabled, ", "))
	}
	return nil
}
