package cloneplugin

import (
	"context"
	"database/sql"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpsql"
)

type event struct {
	schema, name, definer, mode, zone, charset, collation string
}

// disableEvents disables the events that are enabled, as on a replica. Altering an event would take definer, sql_mode, time
// zone and character sets from the session, so that each is altered in a session like the one it was made in.
func disableEvents(ctx context.Context, conn *sql.Conn, v version) (int, error) {
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
		"SET SESSION time_zone = " + text(e.zone),
		"SET SESSION character_set_client = " + text(e.charset),
		"SET SESSION collation_connection = " + text(e.collation),
		"SET SESSION sql_mode = " + text(e.mode),
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
	user, host := cutAccount(account)
	return dumpsql.Name(user) + "@" + dumpsql.Name(host)
}
