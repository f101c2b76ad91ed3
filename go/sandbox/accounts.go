package sandbox

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// The accounts that Start makes, each for any host.
const (
	AdminUser       = "sandbox"            // may do everything; what Server.Open uses
	TopologyUser    = "orchestrator"       // what the service connects with
	AgentUser       = "orchestrator-agent" // what the agent connects with; cut to the 16 letters it allows on MySQL56
	ReplicationUser = "repl"               // what replicas connect with
)

// agentUser is AgentUser as far as the server takes it.
func (k Kind) agentUser() string {
	if k == MySQL56 {
		return AgentUser[:16]
	}
	return AgentUser
}

// Passwords of the accounts.
type Passwords struct {
	Admin       string
	Topology    string
	Agent       string
	Replication string
}

// AwkwardPasswords hold what breaks careless quoting: quotes, spaces, commas, colons, backslashes, shell and
// printf characters, and letters outside of ASCII. None is longer than 32 characters, replication's limit.
func AwkwardPasswords() Passwords {
	return Passwords{
		Admin:       `ad'm"in p\w`,
		Topology:    "to'po \"lo:gy, $(é) `%s` \\ ü",
		Agent:       `ag'e"nt: pass, wörd # $HOME %d\`,
		Replication: `re'p"l: ü, pass word\n=@/?&;日`,
	}
}

func (p Passwords) orDefaults() Passwords {
	for _, field := range []struct {
		value *string
		plain string
	}{
		{&p.Admin, "sandbox-password"},
		{&p.Topology, "topology-password"},
		{&p.Agent, "agent-password"},
		{&p.Replication, "replication-password"},
	} {
		if *field.value == "" {
			*field.value = field.plain
		}
	}
	return p
}

var topologyGrants = map[Kind]string{
	MariaDB: "SELECT, RELOAD, PROCESS, SUPER, REPLICATION SLAVE, REPLICATION CLIENT, BINLOG MONITOR, SLAVE MONITOR," +
		" REPLICATION SLAVE ADMIN, REPLICATION MASTER ADMIN, BINLOG ADMIN, READ_ONLY ADMIN, CONNECTION ADMIN",
	MySQL97: "SELECT, RELOAD, PROCESS, SUPER, REPLICATION SLAVE, REPLICATION CLIENT, REPLICATION_SLAVE_ADMIN," +
		" SYSTEM_VARIABLES_ADMIN, BINLOG_ADMIN, CONNECTION_ADMIN",
	MySQL56: "SELECT, RELOAD, PROCESS, SUPER, REPLICATION SLAVE, REPLICATION CLIENT",
}

// createAccounts makes the accounts after the statements of before, and leaves nothing in the binary log: a fresh server's
// GTID set stays empty.
func createAccounts(ctx context.Context, db *sql.DB, kind Kind, passwords Passwords, before []string) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	statements := append([]string{"SET SESSION sql_log_bin = 0"}, before...)
	for _, account := range []struct{ user, password, grants string }{
		{AdminUser, passwords.Admin, "ALL PRIVILEGES ON *.* TO %s WITH GRANT OPTION"},
		{TopologyUser, passwords.Topology, topologyGrants[kind] + " ON *.* TO %s"},
		{kind.agentUser(), passwords.Agent, "ALL PRIVILEGES ON *.* TO %s WITH GRANT OPTION"},
		{ReplicationUser, passwords.Replication, "REPLICATION SLAVE ON *.* TO %s"},
	} {
		name := quoteString(account.user) + "@'%'"
		statements = append(statements,
			"CREATE USER "+name+" IDENTIFIED BY "+quoteString(account.password),
			fmt.Sprintf("GRANT "+account.grants, name))
		if strings.Contains(account.grants, "GRANT OPTION") { // "all" does not hold the right to hand out PROXY
			statements = append(statements, "GRANT PROXY ON ''@'' TO "+name+" WITH GRANT OPTION")
		}
	}
	for _, statement := range statements {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			verb, _, _ := strings.Cut(statement, " IDENTIFIED")
			return fmt.Errorf("%s: %w", verb, err)
		}
	}
	return nil
}

// onlyRoot are the statements that take away what a fresh server has besides root@localhost.
func onlyRoot(kind Kind) []string {
	switch kind {
	case MySQL56:
		return []string{"DELETE FROM mysql.user WHERE user = '' OR host <> 'localhost'", "DELETE FROM mysql.db", "FLUSH PRIVILEGES"}
	case MariaDB:
		return []string{"DELETE FROM mysql.global_priv WHERE user IN ('', 'root') AND host <> 'localhost'",
			"DELETE FROM mysql.global_priv WHERE user = ''", "FLUSH PRIVILEGES"}
	}
	return nil
}

// proxyToo are the statements by which a root that may do everything gets what that does not hold: the right to hand out
// PROXY, which at first root@localhost alone has.
func proxyToo() []string {
	return []string{"INSERT IGNORE INTO mysql.proxies_priv (Host, User, Proxied_host, Proxied_user, With_grant, Grantor)" +
		" SELECT SUBSTRING_INDEX(CURRENT_USER(), '@', -1), SUBSTRING_INDEX(CURRENT_USER(), '@', 1), '', '', 1, ''", "FLUSH PRIVILEGES"}
}

// quoteString makes a string literal, quoteName an identifier; both for the default sql_mode.
func quoteString(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`, "\n", `\n`, "\r", `\r`, "\x1a", `\Z`).Replace(s) + "'"
}

func quoteName(s string) string { return "`" + strings.ReplaceAll(s, "`", "``") + "`" }
