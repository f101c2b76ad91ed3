package sandbox

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strings"
)

//go:embed sql/*.sql
var sqlFiles embed.FS

// FillOptions say what Fill makes. The zero value makes one of every kind of object and no bulk data.
type FillOptions struct {
	// Bytes is the size of the bulk data as it comes to lie in InnoDB's files, about.
	Bytes int64
	// Tables is the number of tables the bulk data is spread over; 0 is 4.
	Tables int
	// Schema holds the bulk tables sbtest1, sbtest2, ...; "" is "sbtest".
	Schema string
	// Logged writes the bulk data to the binary log too. The objects always go there.
	Logged bool
	// NoObjects leaves the objects out, BulkOnly's data stays.
	NoObjects bool
	// Common leaves out the objects that not every server of the flavour knows.
	Common bool
	// BrokenView adds a view whose table is gone (shop.broken); dump programs stumble over it.
	BrokenView bool
	// InnoDBOnly leaves no table of another engine.
	InnoDBOnly bool
}

// Fill puts data into a server, as an account that may do everything: of every kind of object that its flavour knows one or
// more (tables of all engines and types, views on views, triggers, routines, events, sequences, partitions, circular foreign
// keys, odd names, accounts with roles and all kinds of grants), and bulk data as sysbench makes it. It expects a server
// on which it has not been called before.
func Fill(ctx context.Context, db *sql.DB, opts FillOptions) error {
	if !opts.NoObjects {
		if err := fillObjects(ctx, db, opts); err != nil {
			return fmt.Errorf("fill with objects: %w", err)
		}
	}
	if opts.Bytes == 0 {
		return nil
	}
	if opts.Tables == 0 {
		opts.Tables = 4
	}
	if opts.Schema == "" {
		opts.Schema = "sbtest"
	}
	if err := fillBulk(ctx, db, opts); err != nil {
		return fmt.Errorf("fill with bulk data: %w", err)
	}
	return nil
}

func fillObjects(ctx context.Context, db *sql.DB, opts FillOptions) error {
	kind, err := kindOf(ctx, db)
	if err != nil {
		return err
	}
	files := []string{"common.sql"}
	if !opts.Common {
		files = append(files, map[Kind]string{MariaDB: "mariadb.sql", MySQL97: "mysql8.sql", MySQL56: "mysql56.sql"}[kind])
	}
	return ownSession(ctx, db, func(conn *sql.Conn) error {
		for _, name := range files {
			if err := runFile(ctx, conn, name); err != nil {
				return err
			}
		}
		if err := fillBlobs(ctx, conn); err != nil {
			return err
		}
		if opts.InnoDBOnly {
			if err := onlyInnoDB(ctx, conn); err != nil {
				return err
			}
		}
		if err := settleCounters(ctx, conn); err != nil {
			return err
		}
		if opts.BrokenView {
			return execAll(ctx, conn, "CREATE TABLE shop.goes (id INT)", "CREATE VIEW shop.broken AS SELECT id FROM shop.goes",
				"DROP TABLE shop.goes")
		}
		return nil
	})
}

func runFile(ctx context.Context, conn *sql.Conn, name string) error {
	text, err := sqlFiles.ReadFile("sql/" + name)
	if err != nil {
		return err
	}
	for _, statement := range strings.Split(string(text), "\n;;\n") {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w in: %s", name, err, strings.TrimSpace(statement))
		}
	}
	return nil
}

// fillBlobs adds values with all 256 bytes, and some that are larger than the network buffers' first size.
func fillBlobs(ctx context.Context, conn *sql.Conn) error {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	big := []byte(strings.Repeat(string(all), 3<<20/len(all)))
	for i, value := range [][]byte{all, big} {
		_, err := conn.ExecContext(ctx, "INSERT INTO types.strings (id, vb, lb, mb) VALUES (?, ?, ?, ?)", 100+i, all, value, value)
		if err != nil {
			return err
		}
	}
	_, err := conn.ExecContext(ctx, "INSERT INTO types.strings (id, lt) VALUES (200, ?)", strings.Repeat("lang 語😀\n", 100000))
	return err
}

func execAll(ctx context.Context, conn *sql.Conn, statements ...string) error {
	var errs error
	for _, statement := range statements {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			errs = errors.Join(errs, fmt.Errorf("%s: %w", statement, err))
			break
		}
	}
	return errs
}
