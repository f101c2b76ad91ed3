package inst

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ReplicationCredentials are what ConnectReplica would use on replicas of that source. Never log them.
func (t *Topology) ReplicationCredentials(ctx context.Context, source Address) (user, password string, err error) {
	user, password = t.opt.ReplicationUser, t.opt.ReplicationPassword
	const op = "read replication credentials"
	if t.opt.ReplicationCredentialsQuery != "" {
		s, err := t.open(ctx, op, source)
		if err != nil {
			return "", "", err
		}
		defer s.close()
		row, err := s.firstRow(ctx, t.opt.ReplicationCredentialsQuery)
		if err != nil {
			return "", "", err
		}
		if len(row) >= 2 && row[0] != "" {
			user, password = row[0], row[1]
		}
	}
	if user == "" {
		return "", "", &Error{Code: CodeReplCredential, Op: op, Host: source.String(), Text: "no replication account is known", Permanent: true,
			Hint: "set ReplicationCredentialsQuery to a query that gives user and password on the source, or name a replication user and password in the configuration"}
	}
	return user, password, nil
}

// The longest passwords that CHANGE MASTER and its successors take, in characters.
const (
	maxPasswordMySQL   = 32
	maxPasswordMariaDB = 96
)

// passable says why a replica can't be given that password. Replicas keep it in a file, or did, where a line break ends it.
func (v Version) passable(password string) error {
	limit := maxPasswordMySQL
	if v.Flavour == MariaDB {
		limit = maxPasswordMariaDB
	}
	switch {
	case utf8.RuneCountInString(password) > limit:
		return fmt.Errorf("%s takes replication passwords of at most %d characters", v.Flavour, limit)
	case strings.ContainsAny(password, "\r\n\x00"):
		return fmt.Errorf("a replication password must not contain line breaks or zero bytes")
	case !utf8.ValidString(password):
		return fmt.Errorf("the replication password is not UTF-8")
	}
	return nil
}
