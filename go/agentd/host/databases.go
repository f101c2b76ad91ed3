package host

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/go-sql-driver/mysql"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// mysqlFacts is what the running server says of itself.
type mysqlFacts struct {
	server   Server
	datadir  string
	errorLog string // path; "" when the server logs elsewhere
}

func (m *MySQL) facts(ctx context.Context, db *sql.DB) (mysqlFacts, error) {
	var f mysqlFacts
	var version string
	var errorLog sql.NullString
	const query = "SELECT VERSION(), @@GLOBAL.datadir, @@GLOBAL.log_error"
	if err := db.QueryRowContext(ctx, query).Scan(&version, &f.datadir, &errorLog); err != nil {
		return f, fmt.Errorf("read server variables: %w", err)
	}
	f.errorLog = errorLog.String
	var err error
	f.server, err = ParseServer(version)
	return f, err
}

// databases lists the schemas that are not the server's own, those without tables included. MariaDB takes each directory in
// the data directory for a schema: lost+found and hidden ones are none.
func databases(ctx context.Context, db *sql.DB) (map[string]agentapi.Database, error) {
	const query = `SELECT s.SCHEMA_NAME, t.ENGINE, COUNT(t.TABLE_NAME), COALESCE(SUM(COALESCE(t.DATA_LENGTH, 0) + COALESCE(t.INDEX_LENGTH, 0)), 0)
FROM information_schema.SCHEMATA s
LEFT JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = s.SCHEMA_NAME AND t.TABLE_TYPE <> 'VIEW'
WHERE s.SCHEMA_NAME NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys', '#mysql50#lost+found')
AND s.SCHEMA_NAME NOT LIKE '#mysql50#.%'
GROUP BY s.SCHEMA_NAME, t.ENGINE`
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("list databases: %w", err)
	}
	defer conn.Close()
	if err := freshStatistics(ctx, conn); err != nil {
		return nil, fmt.Errorf("list databases: %w", err)
	}
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("list databases: %w", err)
	}
	defer rows.Close()
	found := map[string]agentapi.Database{}
	for rows.Next() {
		var name string
		var engine sql.NullString
		var tables, size int64
		if err := rows.Scan(&name, &engine, &tables, &size); err != nil {
			return nil, fmt.Errorf("list databases: %w", err)
		}
		d := found[name]
		if engine.String != "" {
			d.Engines = append(d.Engines, engine.String)
			slices.Sort(d.Engines)
		}
		d.Tables += tables
		d.Size += size
		found[name] = d
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list databases: %w", err)
	}
	return found, nil
}

// freshStatistics turns off the copy of the sizes, up to a day old, that MySQL 8 and later answer from. Other servers do
// not know the variable and need nothing.
func freshStatistics(ctx context.Context, conn *sql.Conn) error {
	const unknownVariable = 1193
	_, err := conn.ExecContext(ctx, "SET SESSION information_schema_stats_expiry = 0")
	var refused *mysql.MySQLError
	if errors.As(err, &refused) && refused.Number == unknownVariable {
		return nil
	}
	return err
}
