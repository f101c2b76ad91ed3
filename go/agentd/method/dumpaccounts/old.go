package dumpaccounts

import (
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpsql"
)

// fillOld reads an account of MySQL 5.6, which has no SHOW CREATE USER: the first of its grants carries password, TLS and
// limits for the usual plugins.
func (r *reader) fillOld(a *Account) error {
	var auth, expired string
	row := r.conn.QueryRowContext(r.ctx, `SELECT COALESCE(authentication_string, ''), password_expired FROM mysql.user WHERE User = ? AND Host = ?`, a.User, a.Host)
	if err := row.Scan(&auth, &expired); err != nil {
		return err
	}
	a.Create = "CREATE USER " + a.name()
	if a.Plugin != "" && a.Plugin != "mysql_native_password" {
		a.Create += " IDENTIFIED WITH " + a.Plugin + " AS " + dumpsql.Text(auth)
	}
	lines, err := r.grants(a)
	if err != nil {
		return err
	}
	a.Grants = lines
	if expired == "Y" {
		a.Default = append(a.Default, "ALTER USER "+a.name()+" PASSWORD EXPIRE")
	}
	for i, line := range a.Grants {
		if strings.Contains(line, " IDENTIFIED WITH ") { // a plugin's: said by CREATE USER
			a.Grants[i], _ = plainGrant(line, a)
		}
	}
	return nil
}
