package inst

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-sql-driver/mysql"
)

const (
	connectRetrySeconds = 10
	heartbeatSeconds    = 5
	// retryCount keeps a replica trying for days; MySQL 8.4 gives up after 10 tries by default.
	retryCount = 86400
)

// changeStatement names source, credentials, transport and position. It holds the password.
func (c *connecting) changeStatement(pos position) string {
	var options []string
	add := func(name, value string) { options = append(options, c.dialect.SourcePrefix+name+" = "+value) }
	number := func(n int64) string { return fmt.Sprint(n) }

	add("HOST", quote(c.source.addr.Host))
	add("PORT", number(int64(c.source.addr.Port)))
	add("USER", quote(c.user))
	add("PASSWORD", quote(c.password))
	add("CONNECT_RETRY", number(connectRetrySeconds))
	add("HEARTBEAT_PERIOD", number(heartbeatSeconds))
	if c.dialect.Flavour == MySQL {
		add("RETRY_COUNT", number(retryCount))
	}
	if c.from.HasTLS && c.vars["have_ssl"] != "NO" {
		add("SSL", "1")
	} else {
		add("SSL", "0")
	}
	add("SSL_VERIFY_SERVER_CERT", "0") // no CA is known to the replica; some versions check by default
	if c.dialect.HasPublicKey {
		options = append(options, publicKeyOption(c.dialect)+" = 1")
	}
	switch {
	case pos.byGTID() && c.dialect.Flavour == MariaDB:
		options = append(options, "MASTER_USE_GTID = slave_pos")
	case pos.byGTID():
		add("AUTO_POSITION", "1")
	default:
		add("LOG_FILE", quote(pos.file))
		add("LOG_POS", number(pos.pos))
		if c.dialect.Flavour == MariaDB {
			options = append(options, "MASTER_USE_GTID = no")
		} else {
			add("AUTO_POSITION", "0")
		}
	}
	return c.dialect.ChangeSource + strings.Join(options, ", ")
}

func publicKeyOption(d Dialect) string { return "GET_" + d.SourcePrefix + "PUBLIC_KEY" }

// unlogged keeps the session's statements out of the general log and the slow query log, which on MariaDB show passwords, and
// on MySQL where log_raw is on. Where the account may not do that, it is said.
func (c *connecting) unlogged(ctx context.Context) {
	var err error
	if c.dialect.Flavour == MariaDB {
		err = c.exec(ctx, "SET SESSION slow_query_log = OFF")
	}
	if err = errors.Join(err, c.exec(ctx, "SET SESSION sql_log_off = ON")); err != nil && c.to.LogsPasswords {
		c.step(fmt.Sprintf("the general log of %s is on, and will show the replication account's password: %v", c.addr, err))
	}
}

// execSecret runs a statement that holds a secret, which a server may repeat in its error.
func (s *session) execSecret(ctx context.Context, statement, secret string) error {
	err := s.exec(ctx, statement)
	var answer *mysql.MySQLError
	if !errors.As(err, &answer) {
		return err
	}
	text := answer.Message
	if near := strings.Index(text, " near '"); near >= 0 {
		text = text[:near]
	}
	if secret != "" {
		text = strings.NewReplacer(secret, "***", quote(secret), "***").Replace(text)
	}
	clean := s.failStatement(ctx, statement, &mysql.MySQLError{Number: answer.Number, SQLState: answer.SQLState, Message: text})
	return clean
}
