package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync/atomic"

	"github.com/mattn/go-sqlite3"
)

// countedDriver is the SQLite driver, and counts statements: BEGIN and COMMIT are some, too.
type countedDriver struct {
	sqlite3.SQLiteDriver
	n *atomic.Int64
}

// countSQLite registers a counting driver under that name.
func countSQLite(name string) *atomic.Int64 {
	n := new(atomic.Int64)
	sql.Register(name, &countedDriver{n: n})
	return n
}

// Open implements driver.Driver.
func (d *countedDriver) Open(name string) (driver.Conn, error) {
	c, err := d.SQLiteDriver.Open(name)
	if err != nil {
		return nil, err
	}
	return &countedConn{c.(*sqlite3.SQLiteConn), d.n}, nil
}

type countedConn struct {
	*sqlite3.SQLiteConn
	n *atomic.Int64
}

// ExecContext implements driver.ExecerContext.
func (c *countedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.n.Add(1)
	return c.SQLiteConn.ExecContext(ctx, query, args)
}

// QueryContext implements driver.QueryerContext.
func (c *countedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.n.Add(1)
	return c.SQLiteConn.QueryContext(ctx, query, args)
}

// BeginTx implements driver.ConnBeginTx; its COMMIT or ROLLBACK is counted with it.
func (c *countedConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.n.Add(2)
	return c.SQLiteConn.BeginTx(ctx, opts)
}
