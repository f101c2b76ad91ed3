package inst

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// The server's own schemas, which are nobody's data.
const systemSchemas = "('mysql', 'information_schema', 'performance_schema', 'sys')"

// One pass over the tables, added up by the server. Tables of schemas that the account can't see are not counted, so the
// query for canSeeAll goes first.
const tablesQuery = `SELECT TABLE_SCHEMA, COALESCE(ENGINE, ''), COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0), COALESCE(SUM(TABLE_ROWS > 0), 0)
FROM information_schema.TABLES
WHERE TABLE_TYPE IN ('BASE TABLE', 'SEQUENCE') AND TABLE_SCHEMA NOT IN ` + systemSchemas + `
GROUP BY TABLE_SCHEMA, ENGINE`

const schemasQuery = `SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ` + systemSchemas

const accountsQuery = `SELECT CONCAT(QUOTE(User), '@', QUOTE(Host)) FROM mysql.user WHERE User <> '' ORDER BY 1`

// A table that is on every server, is named nowhere else in this package, and is shown only to those who see all tables.
const canSeeAllQuery = `SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'mysql' AND TABLE_NAME = 'tables_priv'`

// transactional engines roll back and can be read consistently without a lock.
var transactional = map[string]bool{"InnoDB": true, "ROCKSDB": true, "TokuDB": true, "ndbcluster": true, "SEQUENCE": true}

// dataless engines have no rows of their own on disk.
var dataless = map[string]bool{"": true, "BLACKHOLE": true, "MRG_MyISAM": true, "MRG_MYISAM": true, "FEDERATED": true, "PERFORMANCE_SCHEMA": true}

// ReadInstance connects and reads the server's state.
func (t *Topology) ReadInstance(ctx context.Context, addr Address) (*Instance, error) {
	s, err := t.open(ctx, "read server", addr)
	if err != nil {
		return nil, err
	}
	defer s.close()
	in, err := s.facts(ctx)
	if err != nil {
		return nil, err
	}
	if in.Replicas, err = s.replicas(ctx); err != nil {
		return nil, err
	}
	if err := s.requireSight(ctx); err != nil {
		return nil, err
	}
	if err := s.boundQueries(ctx); err != nil {
		return nil, err
	}
	if err := s.schemas(ctx, in); err != nil {
		return nil, err
	}
	in.Accounts, err = s.column(ctx, accountsQuery)
	return in, err
}

// requireSight refuses to take a server for empty only because the account may not see its tables.
func (s *session) requireSight(ctx context.Context) error {
	r, err := s.firstRow(ctx, canSeeAllQuery)
	if err != nil {
		return err
	}
	if r[0] != "1" {
		return &Error{Code: CodeGrants, Op: s.op, Host: s.addr.String(), Text: "the topology account can't see all schemas and tables",
			Hint: "grant the topology account what is missing: " + GrantsNeeded(s.version)}
	}
	return nil
}

// boundQueries has the server itself end queries that nobody waits for any more: it would not notice that the client left.
func (s *session) boundQueries(ctx context.Context) error {
	switch limit := s.opt.QueryTimeout; {
	case s.version.Flavour == MariaDB:
		return s.exec(ctx, fmt.Sprintf("SET SESSION max_statement_time = %.3f", limit.Seconds()))
	case s.version.AtLeast(5, 7, 8):
		return s.exec(ctx, fmt.Sprintf("SET SESSION max_execution_time = %d", limit.Milliseconds()))
	}
	return nil
}

func (s *session) schemas(ctx context.Context, in *Instance) error {
	names, err := s.column(ctx, schemasQuery)
	if err != nil {
		return err
	}
	in.Schemas, in.NonTransactional = map[string]int64{}, map[string]int{}
	for _, name := range names {
		in.Schemas[name] = 0
	}
	return s.rows(ctx, tablesQuery, func(_ []string, v []sql.NullString) error {
		if len(v) != 4 {
			return errors.New("information_schema.TABLES answered with other columns than asked for")
		}
		schema, engine := v[0].String, v[1].String
		in.Schemas[schema] += integer(v[2].String)
		if n := integer(v[3].String); n > 0 && !transactional[engine] && !dataless[engine] {
			in.NonTransactional[engine] += int(n)
		}
		return nil
	})
}

// column reads the first column of every row.
func (s *session) column(ctx context.Context, query string) ([]string, error) {
	var all []string
	err := s.rows(ctx, query, func(_ []string, v []sql.NullString) error {
		all = append(all, v[0].String)
		return nil
	})
	return all, err
}
