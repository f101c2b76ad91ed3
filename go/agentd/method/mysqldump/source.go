package mysqldump

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
)

// source is what has to be known of a server before it is dumped.
type source struct {
	server           host.Server
	identity         string   // what tells this running server apart
	schemas          []string // the user's
	bytes            int64    // of their rows, as the server estimates them
	nonTransactional []string // "3 MyISAM": non-empty tables by engine
	gtidMode         bool     // MySQL
	history          bool     // tables with rows of the past, which this server lets be inserted (MariaDB 10.11)
	lost             []string // what a dump can't carry, in words
}

// userTables is a condition on information_schema columns named table_schema.
const userSchema = `NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')`

func readSource(ctx context.Context, servers Servers, db *sql.DB) (*source, error) {
	var s source
	var err error
	if s.server, err = servers.Server(ctx, db); err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the source's schemas: %w", err)
	}
	defer conn.Close()
	if s.identity, err = identityOf(ctx, conn); err != nil {
		return nil, err
	}
	if s.server.Flavour == host.FlavourMySQL && s.server.AtLeast(8, 0, 0) {
		if _, err := conn.ExecContext(ctx, "SET SESSION information_schema_stats_expiry = 0"); err != nil {
			return nil, fmt.Errorf("read the source's schemas: %w", err)
		}
	}
	if s.schemas, err = userSchemas(ctx, conn); err != nil {
		return nil, fmt.Errorf("read the source's schemas: %w", err)
	}
	if err := s.readTables(ctx, conn); err != nil {
		return nil, fmt.Errorf("read the source's tables: %w", err)
	}
	if s.server.Flavour == host.FlavourMySQL {
		var mode string
		if err := conn.QueryRowContext(ctx, "SELECT @@GLOBAL.gtid_mode").Scan(&mode); err != nil {
			return nil, fmt.Errorf("read gtid_mode: %w", err)
		}
		s.gtidMode = strings.HasPrefix(mode, "ON")
	}
	return &s, s.readLost(ctx, conn)
}

// userSchemas lists all schemas but the server's own and what is no schema (a directory such as lost+found).
func userSchemas(ctx context.Context, conn *sql.Conn) ([]string, error) {
	all, err := strings1(ctx, conn, `SELECT schema_name FROM information_schema.schemata WHERE schema_name `+userSchema+` ORDER BY schema_name`)
	if err != nil {
		return nil, err
	}
	var schemas []string
	for _, s := range all {
		if !strings.HasPrefix(s, "#mysql50#") {
			schemas = append(schemas, s)
		}
	}
	return schemas, nil
}

func (s *source) readTables(ctx context.Context, conn *sql.Conn) error {
	const total = `SELECT COALESCE(SUM(data_length), 0) FROM information_schema.tables WHERE table_schema ` + userSchema
	if err := conn.QueryRowContext(ctx, total).Scan(&s.bytes); err != nil {
		return err
	}
	const engines = `SELECT CONCAT(COUNT(*), ' ', t.engine) FROM information_schema.tables t
		JOIN information_schema.engines e ON e.engine = t.engine
		WHERE COALESCE(e.transactions, 'NO') <> 'YES' AND t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE') AND t.table_schema ` + userSchema + `
		AND t.engine <> 'BLACKHOLE' AND (t.table_rows > 0 OR t.engine IN ('CSV', 'ARCHIVE') AND t.data_length > 0)
		GROUP BY t.engine ORDER BY t.engine`
	var err error
	if s.nonTransactional, err = strings1(ctx, conn, engines); err != nil || s.server.Flavour != host.FlavourMariaDB || !s.server.AtLeast(10, 11, 0) {
		return err
	}
	return s.readHistory(ctx, conn)
}

// readHistory looks for system-versioned tables. The dump program takes the rows of the past of all of them or, when one is
// versioned by transactions instead of times, of none.
func (s *source) readHistory(ctx context.Context, conn *sql.Conn) error {
	const versioned = `SELECT table_name FROM information_schema.tables WHERE table_type = 'SYSTEM VERSIONED' AND table_schema ` + userSchema + ` LIMIT 1`
	found, err := strings1(ctx, conn, versioned)
	if err != nil || len(found) == 0 {
		return err
	}
	const byTransaction = `SELECT CONCAT(table_schema, '.', table_name) FROM information_schema.columns
		WHERE generation_expression = 'ROW START' AND data_type = 'bigint' AND table_schema ` + userSchema
	precise, err := strings1(ctx, conn, byTransaction)
	if s.history = len(precise) == 0; !s.history {
		s.lost = append(s.lost, "rows of the past in system-versioned tables, because "+strings.Join(precise, ", ")+" is versioned by transactions")
	}
	return err
}

// readLost lists objects of the server as a whole, which stand in no schema and in no account.
func (s *source) readLost(ctx context.Context, conn *sql.Conn) error {
	for _, q := range []struct{ what, query string }{
		{"server definitions (CREATE SERVER)", `SELECT server_name FROM mysql.servers`},
		{"loadable functions (CREATE FUNCTION ... SONAME)", `SELECT name FROM mysql.func`},
	} {
		names, err := strings1(ctx, conn, q.query)
		if err != nil {
			return fmt.Errorf("read the source's %s: %w", q.what, err)
		}
		if len(names) > 0 {
			s.lost = append(s.lost, fmt.Sprintf("%s: %s; make them on the target by hand", q.what, strings.Join(names, ", ")))
		}
	}
	return nil
}

// querier is a *sql.Conn or a *sql.DB.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// strings1 reads a column of text.
func strings1(ctx context.Context, q querier, query string, args ...any) ([]string, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
