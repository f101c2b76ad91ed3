package store

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Numbers of the server's errors that we tell apart.
const (
	erAccessDenied      = 1045
	erDBAccessDenied    = 1044
	erBadDB             = 1049
	erTableAccessDenied = 1142
	erNoSuchTable       = 1146
	erUnknownVariable   = 1193
	erLockWaitTimeout   = 1205
	erDeadlock          = 1213
	erHookFailed        = 3100
	erRolledBack        = 3101 // by the replication plugin, at COMMIT
)

// SessionIdle is how long the server keeps a session that says nothing, and with it the locks of its transaction: a node that
// was paused or cut off in one does not hold up the others for longer. Our own pool closes idle connections before.
const SessionIdle = 5 * time.Second

const (
	mysqlConnections = 24
	mysqlPatience    = 30 * time.Second
	mysqlMaxPause    = 2 * time.Second
)

func (s *Store) openMySQL(ctx context.Context, o MySQL) error {
	s.d = &mysqlDialect
	if o.Host == "" || o.Database == "" || o.User == "" {
		return errors.New("MySQLOrchestratorHost, MySQLOrchestratorDatabase and MySQLOrchestratorUser must all be set")
	}
	connector, err := s.mysqlConnector(o)
	if err != nil {
		return err
	}
	s.write = sql.OpenDB(connector)
	s.read = s.write
	s.write.SetMaxOpenConns(mysqlConnections)
	s.write.SetMaxIdleConns(mysqlConnections)
	s.write.SetConnMaxLifetime(5 * time.Minute) // so that a fail-over behind a name is followed in the end
	s.write.SetConnMaxIdleTime(SessionIdle / 2)
	return s.waitForMySQL(ctx, o)
}

// mysqlConnector connects to the server, or to the primary of several.
func (s *Store) mysqlConnector(o MySQL) (driver.Connector, error) {
	addrs, err := addresses(o.Host, cmp.Or(o.Port, 3306))
	if err != nil {
		return nil, err
	}
	cfg := mysqlConfig(o)
	cfg.Addr = addrs[0]
	if len(addrs) == 1 {
		return mysql.NewConnector(cfg)
	}
	s.primaries, err = newPrimaries(cfg, addrs, s.log)
	return s.primaries, err
}

func mysqlConfig(o MySQL) *mysql.Config {
	cfg := mysql.NewConfig()
	cfg.Net = "tcp"
	cfg.DBName = o.Database
	cfg.User = o.User
	cfg.Passwd = o.Password
	cfg.TLS = o.TLS
	cfg.Timeout = 5 * time.Second
	cfg.ReadTimeout = 30 * time.Second
	cfg.WriteTimeout = 30 * time.Second
	cfg.Collation = "utf8mb4_bin"
	cfg.RejectReadOnly = true    // a connection to a server that takes no writes any more is dropped
	cfg.InterpolateParams = true // one round trip for each statement instead of three
	cfg.ClientFoundRows = true   // an UPDATE's count is of rows found, as with SQLite
	cfg.MaxAllowedPacket = 0     // ask the server
	cfg.Params = map[string]string{
		"time_zone":                "'+00:00'",
		"sql_mode":                 "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
		"innodb_lock_wait_timeout": "10",
		"wait_timeout":             strconv.Itoa(int(SessionIdle.Seconds())),
	}
	cfg.Logger = &mysql.NopLogger{} // every error comes back as a value
	return cfg
}

// waitForMySQL returns when the server has answered, at once when it refuses us for good.
func (s *Store) waitForMySQL(ctx context.Context, o MySQL) error {
	patience := o.Patience
	if patience == 0 {
		patience = mysqlPatience
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	pause := 50 * time.Millisecond
	var last error
	for {
		err := s.write.PingContext(ctx)
		if err == nil {
			return nil
		}
		if why := refusedForGood(err, o); why != nil {
			return why
		}
		last = reason(last, err)
		s.log.Warn("backend does not answer yet", slog.String("host", o.Host), slog.Any("error", err))
		select {
		case <-ctx.Done():
			return fmt.Errorf("server %s does not answer: %w", o.name(), last)
		case <-time.After(pause):
		}
		pause = min(2*pause, mysqlMaxPause)
	}
}

func refusedForGood(err error, o MySQL) error {
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		return nil
	}
	switch {
	case isDenied(e.Number):
		return fmt.Errorf("server %s refuses the account %s: %w", o.Host, o.User, err)
	case e.Number == erBadDB:
		return fmt.Errorf("server %s has no database %s; make it with CREATE DATABASE: %w", o.Host, o.Database, err)
	}
	return nil
}

func isDenied(number uint16) bool { return number == erAccessDenied || number == erDBAccessDenied }

// name is how the server is called in texts.
func (o MySQL) name() string {
	if o.Port == 0 || strings.ContainsAny(o.Host, ",:") {
		return o.Host
	}
	return net.JoinHostPort(o.Host, strconv.Itoa(o.Port))
}

// mysqlRetryable: the transaction was rolled back by the server, or broke before COMMIT was sent.
func mysqlRetryable(err error, committing bool) bool {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return e.Number == erDeadlock || e.Number == erLockWaitTimeout || e.Number == erRolledBack
	}
	return !committing && (errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn))
}
