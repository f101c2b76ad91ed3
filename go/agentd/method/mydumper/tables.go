package mydumper

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
)

// tables is what there is on the source, by what mydumper has to do with it; names are schema.table.
type tables struct {
	rows []string // to be dumped
	omit []string // without rows of their own: sequences, which go with the definitions, and doors to other tables
	lost []string // whose rows mydumper or myloader would lose, with the reason
}

// doors are engines whose tables show the rows of others, or hold none.
var doors = strings.Fields("MRG_MyISAM MRG_MYISAM BLACKHOLE FEDERATED SPIDER CONNECT OQGRAPH SEQUENCE")

// tableQuery also asks for what mydumper 0.10 loses without an error: it asks for a table's columns by name only if one of them
// is generated, else those that are invisible are missing; on MySQL it takes columns whose default is computed (also
// CURRENT_TIMESTAMP) for generated ones and leaves them out; and its rows are loaded as binary strings, which UUID, INET6 and
// the like take for something else. So only types that are known to arrive are carried.
const tableQuery = `SELECT t.table_schema, t.table_name, t.table_type, COALESCE(t.engine, ''),
	COALESCE(SUM(c.extra LIKE '%INVISIBLE%') > 0 AND SUM(c.extra LIKE '% GENERATED%') = 0, 0), COALESCE(SUM(c.extra LIKE '%DEFAULT_GENERATED%') > 0, 0),
	COALESCE(GROUP_CONCAT(DISTINCT CASE WHEN c.data_type NOT IN ('tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'float',
		'double', 'bit', 'char', 'varchar', 'binary', 'varbinary', 'tinytext', 'text', 'mediumtext', 'longtext', 'tinyblob', 'blob',
		'mediumblob', 'longblob', 'enum', 'set', 'date', 'time', 'datetime', 'timestamp', 'year', 'geometry', 'point', 'linestring',
		'polygon', 'multipoint', 'multilinestring', 'multipolygon', 'geometrycollection', 'geomcollection', 'json', IF(VERSION() LIKE '%MariaDB%', 'json', 'vector')) THEN c.data_type END SEPARATOR ', '), '')
	FROM information_schema.tables t LEFT JOIN information_schema.columns c ON c.table_schema = t.table_schema AND c.table_name = t.table_name
	WHERE t.table_type <> 'VIEW' AND t.table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
	GROUP BY t.table_schema, t.table_name, t.table_type, t.engine ORDER BY 1, 2`

// readTables lists the tables of the users' schemas.
func readTables(ctx context.Context, db *sql.DB, server host.Server, modern bool) (*tables, error) {
	rows, err := db.QueryContext(ctx, tableQuery)
	if err != nil {
		return nil, fmt.Errorf("read the source's tables: %w", err)
	}
	defer rows.Close()
	var t tables
	for rows.Next() {
		var schema, table, kind, engine, types string
		var invisible, computed bool
		if err := rows.Scan(&schema, &table, &kind, &engine, &invisible, &computed, &types); err != nil {
			return nil, fmt.Errorf("read the source's tables: %w", err)
		}
		name := schema + "." + table
		switch {
		case oddName(schema) || oddName(table), server.Flavour == host.FlavourMySQL && !ascii(schema):
			t.lost = append(t.lost, name+" (its name)")
		case kind == "SEQUENCE" || slices.Contains(doors, engine):
			t.omit = append(t.omit, name)
		case invisible:
			t.lost = append(t.lost, name+" (has invisible columns)")
		case computed && !modern:
			t.lost = append(t.lost, name+" (has columns with computed defaults)")
		case types != "":
			t.lost = append(t.lost, name+" (has columns of type "+types+")")
		default:
			t.rows = append(t.rows, name)
		}
	}
	return &t, rows.Err()
}

// oddName knows names that the programs can't quote, or can't put into the name of a file and take out again.
func oddName(s string) bool {
	if strings.ContainsAny(s, "./\\`'\"%") || strings.Contains(s, "-schema") || len(s) > 120 {
		return true
	}
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// ascii: MySQL takes no other name of a schema from a connection whose character set is binary, as mydumper's are.
func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}

func (t *tables) refuse() error {
	if len(t.lost) == 0 {
		return nil
	}
	e := failed(CodeNotCarried, "use Mysqldump, which carries them, or rename these tables", nil,
		"mydumper can't carry the rows of: %s; nothing was changed on this host", strings.Join(t.lost, ", "))
	e.Permanent = true
	return e
}
