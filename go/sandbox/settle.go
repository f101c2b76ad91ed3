package sandbox

import (
	"context"
	"database/sql"
	"strings"
)

// settleCounters has every InnoDB table's AUTO_INCREMENT written to its file: values that were used up by statements which
// failed are in memory only, and a crash, or a copy of the files, goes back behind them.
func settleCounters(ctx context.Context, conn *sql.Conn) error {
	tables, err := queryRows(ctx, conn, "SELECT table_schema AS s, table_name AS n FROM information_schema.tables"+
		" WHERE auto_increment IS NOT NULL AND engine = 'InnoDB' AND table_schema"+notOurs)
	if err != nil {
		return err
	}
	for _, t := range tables {
		name := table{schema: t["s"], name: t["n"]}.String()
		shown, err := queryRows(ctx, conn, "SHOW CREATE TABLE "+name)
		if err != nil {
			return err
		}
		_, rest, found := strings.Cut(shown[0]["Create Table"], " AUTO_INCREMENT=")
		if !found {
			continue
		}
		value, _, _ := strings.Cut(rest, " ")
		if err := execAll(ctx, conn, "ALTER TABLE "+name+" AUTO_INCREMENT = "+value); err != nil {
			return err
		}
	}
	return nil
}

// onlyInnoDB turns every table into one of InnoDB, and drops those that can't be: a clone carries no other engine.
func onlyInnoDB(ctx context.Context, conn *sql.Conn) error {
	tables, err := queryRows(ctx, conn, "SELECT table_schema AS s, table_name AS n, engine AS e FROM information_schema.tables"+
		" WHERE table_type = 'BASE TABLE' AND engine <> 'InnoDB' AND table_schema"+notOurs)
	if err != nil {
		return err
	}
	for _, t := range tables {
		name := table{schema: t["s"], name: t["n"]}.String()
		err := execAll(ctx, conn, "ALTER TABLE "+name+" ENGINE = InnoDB")
		if err != nil { // one that only its own engine can hold
			err = execAll(ctx, conn, "DROP TABLE "+name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
