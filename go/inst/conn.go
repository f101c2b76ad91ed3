package inst

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// session is one connection to one server for the time of one call, and what the call is, for its errors.
type session struct {
	op   string
	addr Address
	opt  *Options
	db   *sql.DB
	conn *sql.Conn

	version Version
	dialect Dialect
	vars    map[string]string // settings, once facts were read
}

// open connects and reads the version.
func (t *Topology) open(ctx context.Context, op string, addr Address) (*session, error) {
	s := &session{op: op, addr: addr, opt: &t.opt}
	cfg, err := t.config(addr)
	if err != nil {
		return nil, s.fail(err)
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, s.fail(err)
	}
	s.db = sql.OpenDB(connector)
	connCtx, cancel := context.WithTimeout(ctx, 2*t.opt.ConnectTimeout) // dial, and log in
	defer cancel()
	if s.conn, err = s.db.Conn(connCtx); err != nil {
		s.db.Close()
		return nil, s.fail(err)
	}
	row, err := s.firstRow(ctx, "SELECT VERSION(), @@version_comment")
	if err != nil {
		s.close()
		return nil, err
	}
	if s.version, err = ParseVersion(row[0], row[1]); err != nil {
		s.close()
		return nil, s.fail(err)
	}
	s.dialect = DialectOf(s.version)
	return s, nil
}

func (t *Topology) config(addr Address) (*mysql.Config, error) {
	cfg := mysql.NewConfig()
	cfg.Net, cfg.Addr = "tcp", addr.String()
	cfg.User, cfg.Passwd = t.opt.User, t.opt.Password
	cfg.Timeout = t.opt.ConnectTimeout
	cfg.Logger = &mysql.NopLogger{}
	if t.opt.Credentials != nil {
		var err error
		if cfg.User, cfg.Passwd, err = t.opt.Credentials(); err != nil {
			return nil, fmt.Errorf("get topology credentials: %w", err)
		}
	}
	if t.opt.TLS != nil {
		cfg.TLS = t.opt.TLS.Clone()
	} else if t.opt.MixedTLS {
		cfg.TLS = &tls.Config{InsecureSkipVerify: true}
	}
	cfg.AllowFallbackToPlaintext = t.opt.MixedTLS
	return cfg, nil
}

func (s *session) close() {
	s.conn.Close()
	s.db.Close()
}

// exec runs a statement that changes something.
func (s *session) exec(ctx context.Context, statement string) error {
	ctx, cancel := context.WithTimeout(ctx, s.opt.QueryTimeout)
	defer cancel()
	if _, err := s.conn.ExecContext(ctx, statement); err != nil {
		return s.failStatement(ctx, statement, err)
	}
	return nil
}

// row is a row's values by column name; NULL is absent.
type row map[string]string

// rows runs a query and gives each row to add, as texts in the order of the columns; NULL is nil.
func (s *session) rows(ctx context.Context, query string, add func(columns []string, values []sql.NullString) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, s.opt.QueryTimeout)
	defer cancel()
	defer func() {
		// The driver panics at rows that are shorter than announced. MySQL 5.6 sends such ones.
		if broken := recover(); broken != nil {
			err = s.fail(fmt.Errorf("%s: the server's answer is malformed: %v", firstWords(query), broken))
		}
	}()
	rows, err := s.conn.QueryContext(ctx, query)
	if err != nil {
		return s.failStatement(ctx, query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return s.failStatement(ctx, query, err)
	}
	values := make([]sql.NullString, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return s.failStatement(ctx, query, err)
		}
		if err := add(columns, values); err != nil {
			return s.fail(err)
		}
	}
	if err := rows.Err(); err != nil {
		return s.failStatement(ctx, query, err)
	}
	return nil
}

// table reads all rows by column name.
func (s *session) table(ctx context.Context, query string) ([]row, error) {
	var all []row
	err := s.rows(ctx, query, func(columns []string, values []sql.NullString) error {
		r := make(row, len(columns))
		for i, c := range columns {
			if values[i].Valid {
				r[c] = values[i].String
			}
		}
		all = append(all, r)
		return nil
	})
	return all, err
}

// firstRow reads the first row, NULL as ""; nil when there is none.
func (s *session) firstRow(ctx context.Context, query string) ([]string, error) {
	var first []string
	err := s.rows(ctx, query, func(_ []string, values []sql.NullString) error {
		if first == nil {
			for _, v := range values {
				first = append(first, v.String)
			}
		}
		return nil
	})
	return first, err
}

// Server errors that say that the account has not the right.
var deniedErrors = map[uint16]bool{1044: true, 1142: true, 1143: true, 1227: true, 3546: true}

// Server errors, and the client's, that say that the account is not let in.
var loginErrors = map[uint16]bool{1045: true, 1130: true, 1129: true, 1698: true, 3118: true, 1862: true, 3159: true, 4151: true}

// fail makes an error that happened while connecting, or beside a statement.
func (s *session) fail(err error) error { return s.failStatement(context.Background(), "", err) }

// failStatement makes the error of a statement; only the statement's first words are shown, for the rest may hold values.
func (s *session) failStatement(ctx context.Context, statement string, err error) error {
	var done *Error
	if errors.As(err, &done) {
		return done
	}
	e := &Error{Code: CodeUnreachable, Op: s.op, Host: s.addr.String(), Err: err}
	if statement != "" {
		e.Text = firstWords(statement)
	}
	var answer *mysql.MySQLError
	switch {
	case errors.As(err, &answer):
		e.Code = CodeQuery
		if loginErrors[answer.Number] {
			e.Code = CodeCredentials
			e.Hint = "check MySQLTopologyUser and MySQLTopologyPassword, and that this account exists on the server for the service's address"
		} else if deniedErrors[answer.Number] {
			e.Code = CodeGrants
			e.Hint = "grant the topology account what is missing: " + GrantsNeeded(s.version)
		}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		e.Err = fmt.Errorf("no answer within %v: %w", s.opt.QueryTimeout, err)
	case errors.Is(err, context.Canceled):
	default:
		e.Hint = "check that MySQL runs there and that its port can be reached from the service"
	}
	return e
}

// firstWords names a statement in an error.
func firstWords(statement string) string {
	words := strings.Fields(statement)
	n := 0
	for n < len(words) && n < 5 && strings.ToUpper(words[n]) == words[n] && !strings.ContainsAny(words[n], "'\"=@,(_") {
		n++
	}
	if n == 0 {
		return "query"
	}
	return strings.Join(words[:n], " ")
}
