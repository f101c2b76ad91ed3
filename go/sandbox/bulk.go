package sandbox

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strconv"

	"golang.org/x/sync/errgroup"
)

const (
	bulkRowBytes  = 230 // of a row and its index entry in InnoDB's files
	bulkBatchRows = 5000
)

// fillBulk makes tables as sysbench's: random digits, an index made when the rows are in. Rows depend on the table's number
// only, so that two runs make the same data.
func fillBulk(ctx context.Context, db *sql.DB, opts FillOptions) error {
	if _, err := db.ExecContext(ctx, "CREATE DATABASE IF NOT EXISTS "+quoteName(opts.Schema)); err != nil {
		return err
	}
	rows := max(1, opts.Bytes/bulkRowBytes/int64(opts.Tables))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for n := range opts.Tables {
		group.Go(func() error {
			return ownSession(ctx, db, func(conn *sql.Conn) error {
				table := quoteName(opts.Schema) + "." + quoteName("sbtest"+strconv.Itoa(n+1))
				return bulkTable(ctx, conn, table, uint64(n+1), rows, opts.Logged)
			})
		})
	}
	return group.Wait()
}

func bulkTable(ctx context.Context, conn *sql.Conn, table string, seed uint64, rows int64, logged bool) error {
	err := execAll(ctx, conn,
		"SET SESSION unique_checks = 0, foreign_key_checks = 0",
		"CREATE TABLE "+table+" (id INT NOT NULL AUTO_INCREMENT, k INT NOT NULL DEFAULT '0', c CHAR(120) NOT NULL DEFAULT '',"+
			" pad CHAR(60) NOT NULL DEFAULT '', PRIMARY KEY (id)) ENGINE=InnoDB DEFAULT CHARSET=latin1")
	if err != nil {
		return err
	}
	if !logged {
		if err := execAll(ctx, conn, "SET SESSION sql_log_bin = 0"); err != nil {
			return err
		}
	}
	random := rand.New(rand.NewPCG(seed, 42))
	for id := int64(1); id <= rows; {
		statement := []byte("INSERT INTO " + table + " (id, k, c, pad) VALUES ")
		for n := 0; n < bulkBatchRows && id <= rows; n, id = n+1, id+1 {
			if n > 0 {
				statement = append(statement, ',')
			}
			statement = appendBulkRow(statement, random, id, rows)
		}
		if _, err := conn.ExecContext(ctx, string(statement)); err != nil {
			return fmt.Errorf("insert into %s: %w", table, err)
		}
	}
	// The index is a statement of its own in the binary log: a replica that has the empty table only gets it too.
	return execAll(ctx, conn, "SET SESSION sql_log_bin = 1", "ALTER TABLE "+table+" ADD KEY k_1 (k)")
}

func appendBulkRow(to []byte, random *rand.Rand, id, rows int64) []byte {
	to = append(to, '(')
	to = strconv.AppendInt(to, id, 10)
	to = append(to, ',')
	to = strconv.AppendInt(to, 1+random.Int64N(rows), 10)
	to = append(to, ",'"...)
	to = appendGroups(to, random, 10)
	to = append(to, "','"...)
	to = appendGroups(to, random, 5)
	return append(to, "')"...)
}

// appendGroups writes n groups of eleven digits with a dash between them.
func appendGroups(to []byte, random *rand.Rand, n int) []byte {
	for i := range n {
		if i > 0 {
			to = append(to, '-')
		}
		digits := random.Uint64()
		for range 11 {
			to = append(to, byte('0'+digits%10))
			digits /= 10
		}
	}
	return to
}
