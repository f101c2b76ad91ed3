package dumpaccounts

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// Unknown lists the privileges and the authentication plugins that the accounts need and the target does not have, in
// words; "" when it has all.
func Unknown(ctx context.Context, conn *sql.Conn, want *Accounts) (string, error) {
	known, err := firstColumn(ctx, conn, "SHOW PRIVILEGES")
	if err != nil {
		return "", fmt.Errorf("list the target's privileges: %w", err)
	}
	plugins, err := firstColumn(ctx, conn, `SELECT plugin_name FROM information_schema.plugins WHERE plugin_type = 'AUTHENTICATION' AND plugin_status = 'ACTIVE'`)
	if err != nil {
		return "", fmt.Errorf("list the target's plugins: %w", err)
	}
	known = append(known, "ALL", "ALL PRIVILEGES", "USAGE", "PROXY", "REPLICATION CLIENT", "BINLOG MONITOR")
	var missing []string
	for _, a := range want.List {
		for _, g := range a.Grants {
			names, _ := privileges(g)
			for _, n := range names {
				if !slices.Contains(known, n) {
					missing = append(missing, "privilege "+n)
				}
			}
		}
		if a.Plugin != "" && !slices.Contains(plugins, strings.ToUpper(a.Plugin)) {
			missing = append(missing, "authentication plugin "+a.Plugin+" of "+a.name())
		}
	}
	slices.Sort(missing)
	return strings.Join(slices.Compact(missing), ", "), nil
}

// firstColumn reads a query's first column in upper case.
func firstColumn(ctx context.Context, conn *sql.Conn, query string) ([]string, error) {
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var out []string
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		out = append(out, strings.ToUpper(values[0].String))
	}
	return out, rows.Err()
}
