package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Numbers of the server's errors that we tell apart.
const (
	erAccessDenied    = 1045
	erDBAccessDenied  = 1044
	erBadDB           = 1049
	erLockWaitTimeout = 1205
	erDeadlock        = 1213
)

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
	connector, err := mysql.NewConnector(mysqlConfig(o))
	if err != nil {
		return err
	}
	s.write = sql.OpenDB(connector)
	s.read = s.write
	s.write.SetMaxOpenConns(mysqlConnections)
	s.write.SetMaxIdleConns(mysqlConnections)
	s.write.SetConnMaxLifetime(5 * time.Minute) // so that a fail-over behind a name is followed in the end
	return s.waitForMySQL(ctx, o)
}

func mysqlConfig(o MySQL) *mysql.Config {
	port := o.Port
	if port == 0 {
		port = 3306
	}
	cfg := mysql.NewConfig()
	cfg.Net = "tcp"
	cfg.Addr = net.JoinHostPort(o.Host, strconv.Itoa(port))
	cfg.DBName = o.Database
	cfg.User = o.User
	cfg.Passwd = o.Password
	cfg.TLS = o.TLS
	cfg.Timeout = 5 * time.Second
	cfg.ReadTimeout = 30 * time.Second
	cfg.WriteTimeout = 30 * time.Second
	cfg.Collation = "utf8mb4_bin"
	cfg.InterpolateParams = true // one round trip for each statement instead of three
	cfg.ClientFoundRows = true   // an UPDATE's count is of rows found, as with SQLite
	cfg.MaxAllowedPacket = 0     // ask the server
	cfg.Params = map[string]string{
		"time_zone":                "'+00:00'",
		"sql_mode":                 "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
		"innodb_lock_wait_timeout": "10",
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
	for {
		err := s.write.PingContext(ctx)
		if err == nil {
			return nil
		}
		if why := refusedForGood(err, o); why != nil {
			return why
		}
		s.log.Warn("backend does not answer yet", slog.String("host", o.Host), slog.Any("error", err))
		select {
		case <-ctx.Done():
			return fmt.Errorf("server %s:%d does not answer: %w", o.Host, o.Port, err)
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
	switch e.Number {
	case erAccessDenied, erDBAccessDenied:
		return fmt.Errorf("server %s refuses the account %s: %w", o.Host, o.User, err)
	case erBadDB:
		return fmt.Errorf("server %s has no database %s; make it with CREATE DATABASE: %w", o.Host, o.Database, err)
	}
	return nil
}

// mysqlRetryable: the transaction was rolled back by the server, or broke before COMMIT was sent.
func mysqlRetryable(err error, committing bool) bool {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return e.Number == erDeadlock || e.Number == erLockWaitTimeout
	}
	return !committing && (errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn))
}
