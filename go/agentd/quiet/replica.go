package quiet

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpsql"
)

// AsReplica makes of a server of MySQL that runs on a copy what a replica is: its events are disabled as replication would
// have made them, and the channels that came with the copy of a replica are forgotten. It may be called again.
func AsReplica(ctx context.Context, w *method.Work, db *sql.DB, v host.Server) error {
	conn, err := session(ctx, db)
	if err != nil {
		return err
	}
	defer closeConn(conn)
	all, err := channels(ctx, conn, v)
	if err != nil {
		return err
	}
	if err := forgetChannels(ctx, w, conn, v, all); err != nil {
		return err
	}
	n, err := disableEvents(ctx, conn, v)
	if n > 0 {
		w.Run.Say(fmt.Sprintf("%d events of the source are disabled here, as on a replica", n))
	}
	return err
}

// session is a connection whose statements don't get into the binary log.
func session(ctx context.Context, db *sql.DB) (*sql.Conn, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, queryError(err, "connect to this host's MySQL")
	}
	for _, q := range []string{"SET SESSION sql_log_bin = 0", "SET SESSION sql_mode = ''", "SET NAMES utf8mb4"} {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			closeConn(conn)
			return nil, queryError(err, q)
		}
	}
	return conn, nil
}

// closeConn ends a connection that no one else may get as it is.
func closeConn(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = conn.Close()
}

// channel is a connection to a source that the server has; Name is "" before there were names.
type channel struct {
	name    string
	running bool // it connects, or applies what it has
}

// channelsQuery asks for no privilege but SELECT.
const channelsQuery = `SELECT c.channel_name AS Channel_Name, s.service_state AS Replica_IO_Running, a.service_state AS Replica_SQL_Running
	FROM performance_schema.replication_connection_configuration c
	LEFT JOIN performance_schema.replication_connection_status s ON s.channel_name = c.channel_name
	LEFT JOIN performance_schema.replication_applier_status a ON a.channel_name = c.channel_name`

// channels are those of this server but the ones of group replication.
func channels(ctx context.Context, conn *sql.Conn, v host.Server) ([]channel, error) {
	query := "SHOW SLAVE STATUS"
	if v.AtLeast(8, 0, 22) {
		query = "SHOW REPLICA STATUS"
		var schema bool
		if err := conn.QueryRowContext(ctx, "SELECT @@GLOBAL.performance_schema").Scan(&schema); err != nil {
			return nil, queryError(err, "read replication channels")
		}
		if schema {
			query = channelsQuery
		}
	}
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return nil, queryError(err, "read replication channels")
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all []channel
	for rows.Next() {
		values, refs := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range values {
			refs[i] = &values[i]
		}
		if err := rows.Scan(refs...); err != nil {
			return nil, err
		}
		var c channel
		for i, name := range names {
			switch name {
			case "Channel_Name":
				c.name = values[i].String
			case "Replica_IO_Running", "Slave_IO_Running", "Replica_SQL_Running", "Slave_SQL_Running":
				state := values[i].String
				c.running = c.running || state != "" && state != "No" && state != "OFF"
			}
		}
		if !strings.HasPrefix(c.name, "group_replication_") {
			all = append(all, c)
		}
	}
	return all, rows.Err()
}

func forgetChannels(ctx context.Context, w *method.Work, conn *sql.Conn, v host.Server, all []channel) error {
	word := "SLAVE"
	if v.AtLeast(8, 0, 22) {
		word = "REPLICA"
	}
	for _, c := range all {
		of := ""
		if v.AtLeast(5, 7, 0) {
			of = " FOR CHANNEL " + dumpsql.Text(c.name)
		}
		for _, q := range []string{"STOP " + word + of, "RESET " + word + " ALL" + of} {
			if _, err := conn.ExecContext(ctx, q); err != nil {
				return queryError(err, "forget the replication channels of the source")
			}
		}
	}
	if len(all) > 0 {
		w.Run.Say(fmt.Sprintf("forgot %d replication channels that came with the copy: the source is a replica itself", len(all)))
	}
	return nil
}
