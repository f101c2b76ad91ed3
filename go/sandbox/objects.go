package sandbox

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const notOurs = " NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')"

// charsetBeforeCollation says nothing that the collation does not say; MySQL prints it in the copy of a table whose column
// has the character set of the table, not in the original.
var charsetBeforeCollation = regexp.MustCompile(` CHARACTER SET \w+ COLLATE `)

// table is a table with rows of its own.
type table struct {
	schema, name string
	columns      []column
}

func (t table) String() string { return quoteName(t.schema) + "." + quoteName(t.name) }

type column struct{ name, kind string }

// listObjects enters every object of the users' schemas with the statement that makes it, and returns the tables.
func listObjects(ctx context.Context, db queryer, found inventory) ([]table, error) {
	schemas, err := queryRows(ctx, db, "SELECT schema_name AS s FROM information_schema.schemata WHERE schema_name"+notOurs)
	if err != nil {
		return nil, err
	}
	for _, r := range schemas {
		if err := enter(ctx, db, found, "database", quoteName(r["s"])); err != nil {
			return nil, err
		}
	}
	for _, query := range []string{
		"SELECT trigger_schema AS s, trigger_name AS n, 'TRIGGER' AS t FROM information_schema.triggers WHERE trigger_schema" + notOurs,
		"SELECT routine_schema AS s, routine_name AS n, routine_type AS t FROM information_schema.routines WHERE routine_schema" + notOurs,
		"SELECT event_schema AS s, event_name AS n, 'EVENT' AS t FROM information_schema.events WHERE event_schema" + notOurs,
	} {
		rows, err := queryRows(ctx, db, query)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if err := enter(ctx, db, found, strings.ToLower(r["t"]), quoteName(r["s"])+"."+quoteName(r["n"])); err != nil {
				return nil, err
			}
		}
	}
	if err := triggerOrder(ctx, db, found); err != nil {
		return nil, err
	}
	return listTables(ctx, db, found)
}

// enter asks for the statement that makes an object; what else the answer holds (sql_mode, character sets) counts too.
func enter(ctx context.Context, db queryer, found inventory, what, name string) error {
	rows, err := queryRows(ctx, db, "SHOW CREATE "+strings.ToUpper(what)+" "+name)
	if err != nil {
		return err
	}
	if len(rows) != 1 {
		return fmt.Errorf("SHOW CREATE %s %s: %d rows", what, name, len(rows))
	}
	var parts []string
	for column, value := range rows[0] {
		if column == "Created" { // a trigger's moment of birth
			continue
		}
		if what == "table" {
			value = charsetBeforeCollation.ReplaceAllString(value, " COLLATE ")
		}
		parts = append(parts, column+": "+value)
	}
	slices.Sort(parts)
	found[what+" "+name] = strings.Join(parts, "; ")
	return nil
}

// triggerOrder enters in which order the triggers of a table run.
func triggerOrder(ctx context.Context, db queryer, found inventory) error {
	rows, err := queryRows(ctx, db, "SELECT event_object_schema AS s, event_object_table AS t, CONCAT(action_timing, ' ', event_manipulation) AS w,"+
		" trigger_name AS n FROM information_schema.triggers WHERE trigger_schema"+notOurs+" ORDER BY 1, 2, 3, action_order, 4")
	if err != nil {
		return err
	}
	for _, r := range rows {
		found["trigger order "+quoteName(r["s"])+"."+quoteName(r["t"])+" "+r["w"]] += quoteName(r["n"]) + " "
	}
	return nil
}

func listTables(ctx context.Context, db queryer, found inventory) ([]table, error) {
	rows, err := queryRows(ctx, db, "SELECT table_schema AS s, table_name AS n, table_type AS t FROM information_schema.tables WHERE table_schema"+notOurs)
	if err != nil {
		return nil, err
	}
	var tables []table
	at := map[[2]string]int{}
	for _, r := range rows {
		t := table{schema: r["s"], name: r["n"]}
		switch r["t"] {
		case "VIEW":
			err = enter(ctx, db, found, "view", t.String())
		case "SEQUENCE":
			if err = enter(ctx, db, found, "sequence", t.String()); err == nil {
				err = sequenceState(ctx, db, found, t)
			}
		default:
			at[[2]string{t.schema, t.name}] = len(tables)
			tables = append(tables, t)
			err = enter(ctx, db, found, "table", t.String())
		}
		if err != nil {
			return nil, err
		}
	}
	columns, err := queryRows(ctx, db, "SELECT table_schema AS s, table_name AS n, column_name AS c, data_type AS t FROM information_schema.columns"+
		" WHERE table_schema"+notOurs+" ORDER BY table_schema, table_name, ordinal_position")
	for _, r := range columns {
		if i, ok := at[[2]string{r["s"], r["n"]}]; ok {
			tables[i].columns = append(tables[i].columns, column{name: r["c"], kind: strings.ToLower(r["t"])})
		}
	}
	return tables, err
}

func sequenceState(ctx context.Context, db queryer, found inventory, t table) error {
	rows, err := queryRows(ctx, db, "SELECT next_not_cached_value AS n, cycle_count AS c FROM "+t.String())
	if err == nil && len(rows) == 1 {
		found["sequence's state "+t.String()] = "next " + rows[0]["n"] + ", cycle " + rows[0]["c"]
	}
	return err
}
