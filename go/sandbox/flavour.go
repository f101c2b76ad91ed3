package sandbox

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
)

// kindOf asks a server which of the kinds it is, or is like: other versions of MySQL count as the older or newer of ours.
func kindOf(ctx context.Context, db interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}) (Kind, error) {
	var version string
	if err := db.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version); err != nil {
		return "", fmt.Errorf("read the server's version: %w", err)
	}
	switch {
	case strings.Contains(version, "MariaDB"):
		return MariaDB, nil
	case strings.HasPrefix(version, "5."):
		return MySQL56, nil
	}
	return MySQL97, nil
}

// ownSession calls f with a connection that is closed afterwards, so that what f sets in its session is gone with it.
func ownSession(ctx context.Context, db *sql.DB, f func(*sql.Conn) error) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer func() { _ = conn.Raw(func(any) error { return driver.ErrBadConn }) }()
	return f(conn)
}

// queryer is a pool or a connection.
type queryer interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}

// row is one row of an answer, by column; NULL is "NULL".
type row map[string]string

// queryRows reads a whole answer.
func queryRows(ctx context.Context, db queryer, query string, args ...any) ([]row, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all []row
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		pointers := make([]any, len(columns))
		for i := range values {
			pointers[i] = &values[i]
		}
		if err := rows.Scan(pointers...); err != nil {
			return nil, fmt.Errorf("%s: %w", query, err)
		}
		r := row{}
		for i, column := range columns {
			r[column] = "NULL"
			if values[i].Valid {
				r[column] = values[i].String
			}
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	return all, nil
}
