package mysqldump

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpsql"
)

// session is one connection to the target with the settings that a dump is loaded with. It is closed for good, so that none
// of them goes back into a pool.
type session struct {
	*sql.Conn
	db string // the schema in use
}

// wanted are the settings of a session; those that a server does not have, or does not let this account set, are optional.
var wanted = []struct {
	name, value string
	optional    bool
}{
	{"sql_log_bin", "0", false},
	{"foreign_key_checks", "0", false},
	{"unique_checks", "0", false},
	{"autocommit", "1", false},
	{"sql_mode", "'NO_AUTO_VALUE_ON_ZERO'", false},
	{"time_zone", "'+00:00'", false},
	{"sql_notes", "0", false},
	{"wait_timeout", "2147483", false}, // a session waits for the others to finish their tables
	{"net_read_timeout", "3600", false},
	{"net_write_timeout", "3600", false},
	{"lock_wait_timeout", "86400", false},
	{"max_statement_time", "0", true},
	{"innodb_strict_mode", "0", true}, // what the source holds must arrive
	{"sql_require_primary_key", "0", true},
	{"sql_generate_invisible_primary_key", "0", true},
	{"system_versioning_insert_history", "1", true},
	{"system_versioning_alter_history", "KEEP", true},
	{"collation_connection", "utf8mb4_general_ci", true},
}

func openSession(ctx context.Context, db *sql.DB) (*session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, loadError(err, "opening a connection to load with")
	}
	s := &session{Conn: conn}
	if err := s.settings(ctx); err != nil {
		s.end()
		return nil, err
	}
	return s, nil
}

func (s *session) settings(ctx context.Context) error {
	if _, err := s.ExecContext(ctx, "SET NAMES utf8mb4"); err != nil {
		return loadError(err, "SET NAMES utf8mb4")
	}
	for _, v := range wanted {
		_, err := s.ExecContext(ctx, fmt.Sprintf("SET SESSION %s = %s", v.name, v.value))
		if err != nil && (!v.optional || host.Errno(err) == 0) {
			return loadError(err, "setting "+v.name)
		}
	}
	return nil
}

// end closes the connection itself, not only its loan from the pool.
func (s *session) end() {
	_ = s.Raw(func(any) error { return errClosed })
	_ = s.Close()
}

func (s *session) use(ctx context.Context, db string) error {
	if db == s.db || db == "" {
		return nil
	}
	if err := s.exec(ctx, "USE "+dumpsql.Name(db)); err != nil {
		return err
	}
	s.db = db
	return nil
}

func (s *session) exec(ctx context.Context, statement string) error {
	if _, err := s.ExecContext(ctx, statement); err != nil {
		return loadError(err, "running "+excerpt(statement))
	}
	return nil
}

// excerpt is the start of a statement, without the values of rows.
func excerpt(statement string) string {
	const longest = 160
	if s, _, cut := strings.Cut(statement, " VALUES"); cut && strings.HasPrefix(statement, "INSERT") {
		statement = s + " ..."
	}
	if strings.Contains(statement, "IDENTIFIED") {
		statement, _, _ = strings.Cut(statement, "IDENTIFIED")
	}
	if len(statement) > longest {
		statement = strings.ToValidUTF8(statement[:longest], "") + " ..."
	}
	return strings.Join(strings.Fields(statement), " ")
}

// errClosed makes database/sql close a connection instead of keeping it.
var errClosed = driver.ErrBadConn
