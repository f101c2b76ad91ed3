package quiet

import (
	"context"
	"database/sql"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpsql"
)

type event struct {
	schema, name, definer, mode, zone, charset, collation string
}

// disableEvents disables the events that are enabled, as on a replica. Altering an event would take definer, sql_mode, time
// zone and character sets from the session, so that each is altered in a session like the one it was made in.
func disableEvents(ctx context.Context, conn *sql.Conn, v host.Server) (int, error) {
	all, err := enabledEvents(ctx, conn)
	if err != nil {
		return 0, err
	}
	state := "DISABLE ON SLAVE"
	if v.AtLeast(8, 2, 0) {
		state = "DISABLE ON REPLICA"
	}
	for _, e := range all {
		if err := e.disable(ctx, conn, state); err != nil {
			return 0, err
		}
	}
	return len(all), nil
}

func (e *event) disable(ctx context.Context, conn *sql.Conn, state string) error {
	doing := "disable event " + e.schema + "." + e.name
	alter := "ALTER DEFINER = " + quoteAccountName(e.definer) + " EVENT " + dumpsql.Name(e.schema) + "." + dumpsql.Name(e.name) + " " + state
	for _, q := range []string{"SET SESSION sql_mode = ''", "SET NAMES utf8mb4"} {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return queryError(err, doing)
		}
	}
	// The statement goes out in the event's own character set, so that the names in it stay what they are.
	var encoded []byte
	if err := conn.QueryRowContext(ctx, "SELECT CAST(CONVERT(? USING "+e.charset+") AS BINARY)", alter).Scan(&encoded); err != nil {
		return queryError(err, doing)
	}
	for _, q := range []string{
		"SET SESSION time_zone = " + dumpsql.Text(e.zone),
		"SET SESSION character_set_client = " + dumpsql.Text(e.charset),
		"SET SESSION collation_connection = " + dumpsql.Text(e.collation),
		"SET SESSION sql_mode = " + dumpsql.Text(e.mode),
		string(encoded),
	} {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return queryError(err, doing)
		}
	}
	return nil
}

func enabledEvents(ctx context.Context, conn *sql.Conn) ([]event, error) {
	rows, err := conn.QueryContext(ctx, `SELECT event_schema, event_name, definer, sql_mode, time_zone, character_set_client, collation_connection
		FROM information_schema.events WHERE status = 'ENABLED'`)
	if err != nil {
		return nil, queryError(err, "read events")
	}
	defer rows.Close()
	var all []event
	for rows.Next() {
		var e event
		if err := rows.Scan(&e.schema, &e.name, &e.definer, &e.mode, &e.zone, &e.charset, &e.collation); err != nil {
			return nil, queryError(err, "read events")
		}
		all = append(all, e)
	}
	if err := rows.Err(); err != nil {
		return nil, queryError(err, "read events")
	}
	return all, nil
}

// quoteAccountName quotes an account as identifiers in backticks, which every sql_mode takes for such.
func quoteAccountName(account string) string {
	i := strings.LastIndex(account, "@") // the host has no @, the user may
	if i < 0 {
		return dumpsql.Name(account) + "@" + dumpsql.Name("%")
	}
	return dumpsql.Name(account[:i]) + "@" + dumpsql.Name(account[i+1:])
}
