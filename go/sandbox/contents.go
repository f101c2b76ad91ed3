package sandbox

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// hashTables counts and hashes the rows of tables on the server, two at a time.
func hashTables(ctx context.Context, db *sql.DB, kind Kind, tables []table) (inventory, error) {
	found := inventory{}
	var mu sync.Mutex
	work := make(chan table)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(work)
		for _, t := range tables {
			select {
			case work <- t:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range 2 {
		group.Go(func() error {
			return ownSession(ctx, db, func(conn *sql.Conn) error {
				if err := plainSession(ctx, conn, kind); err != nil {
					return err
				}
				for t := range work {
					hash, err := hashTable(ctx, conn, t, kind)
					if err != nil {
						return err
					}
					mu.Lock()
					found["rows of "+t.String()] = hash
					mu.Unlock()
				}
				return nil
			})
		})
	}
	return found, group.Wait()
}

// digest is a hash of a value, in hexadecimal digits. MD5 is faster where there is one: MySQL 9 has it no more.
func (k Kind) digest(value string) string {
	if k == MySQL97 {
		return "SHA2(" + value + ", 256)"
	}
	return "MD5(" + value + ")"
}

// hashTable sums 64 bits of each row's hash: the order of rows does not matter, and a row that is there twice counts twice.
func hashTable(ctx context.Context, conn *sql.Conn, t table, kind Kind) (string, error) {
	values := make([]string, len(t.columns))
	for i, c := range t.columns {
		values[i] = "IFNULL(" + c.asText(kind) + ", 'N')"
	}
	row := kind.digest("CONCAT_WS(',', " + strings.Join(values, ", ") + ")")
	query := "SELECT COUNT(*), COALESCE(SUM(CAST(CONV(LEFT(" + row + ", 16), 16, 10) AS UNSIGNED)), 0) FROM " + t.String()
	var count, sum string
	if err := conn.QueryRowContext(ctx, query).Scan(&count, &sum); err != nil {
		return "", fmt.Errorf("hash the rows of %s: %w", t, err)
	}
	return count + " rows, sum of hashes " + sum, nil
}

// asText is an expression for a column's value that differs when the values differ, and holds no comma but between values
// of which the length is known. Long values go in as their hash, so that no row grows beyond max_allowed_packet.
func (c column) asText(kind Kind) string {
	name := quoteName(c.name)
	switch c.kind {
	case "tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "year":
		return name
	case "char", "varchar", "binary", "varbinary", "enum", "set":
		return "CONCAT(LENGTH(" + name + "), ':', CAST(" + name + " AS BINARY))"
	case "tinyblob", "blob", "mediumblob", "longblob", "tinytext", "text", "mediumtext", "longtext":
		return kind.digest(name)
	case "json":
		return kind.digest("CAST(" + name + " AS CHAR)")
	case "bit", "vector":
		return "HEX(" + name + ")"
	case "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection", "geomcollection":
		return kind.digest("HEX(" + name + ")")
	}
	return "CAST(" + name + " AS CHAR)" // dates and times, MariaDB's UUID and INET
}
