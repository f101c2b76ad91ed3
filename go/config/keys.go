package config

// Key describes one key of the file for people.
type Key struct {
	Name string
	Help string
	// Allowed says what a value may be, beyond its type.
	Allowed string
	Secret  bool // never shown

	min, max int64    // of numbers
	words    []string // of text, in any case; the first of a pair a=b is what is stored for b
}

// Group is a part of the table with a heading.
type Group struct {
	Title string
	Keys  []Key
}

const (
	backendSQLite = "sqlite3"
	backendMySQL  = "mysql"

	maxHours   = 24 * 366 * 10
	maxMinutes = maxHours * 60
	maxSeconds = maxHours * 3600
	maxDays    = 366 * 100
)

func text(name, help string) Key    { return Key{Name: name, Help: help} }
func boolean(name, help string) Key { return Key{Name: name, Help: help, Allowed: "true or false"} }
func secret(name, help string) Key  { return Key{Name: name, Help: help, Secret: true} }

func list(name, help string) Key { return Key{Name: name, Help: help, Allowed: "a list of texts"} }

func number(name, help string, minimum, maximum int64) Key {
	return Key{Name: name, Help: help, min: minimum, max: maximum}
}

// Groups is every key of the service, in the order of the documentation. Each name is a field of Config.
func Groups() []Group {
	return []Group{
		{"Listening", []Key{
			text("ListenAddress", "where the service listens for people, pages and scripts, `host:port`"),
			text("AgentsServerPort", "where the service listens for agents, `:port` or `host:port`"),
			boolean("ServeAgentsHttp", "open the agents' door (orchestrator's own default is false)"),
			text("URLPrefix", "path below which everything is served, such as `/orchestrator`"),
			text("StatusEndpoint", "another path that answers like `/api/status`"),
			boolean("Debug", "log at debug level"),
			text("AuditLogFile", "file to which audit lines are written besides the database"),
		}},
		{"Backend database", []Key{
			{Name: "BackendDB", Help: "kind of database", Allowed: "`sqlite3` or `mysql`", words: []string{backendSQLite, backendMySQL, "sqlite3=sqlite"}},
			text("SQLite3DataFile", "the database file, for `sqlite3`"),
			text("MySQLOrchestratorHost", "for `mysql`: host, or the members of a replicated backend as `host1:3306,host2:3306`: the one that takes writes is used"),
			number("MySQLOrchestratorPort", "for `mysql`: port of hosts without one", 1, 65535),
			text("MySQLOrchestratorDatabase", "for `mysql`: schema"),
			text("MySQLOrchestratorUser", "for `mysql`: account"),
			secret("MySQLOrchestratorPassword", "for `mysql`: its password"),
			text("MySQLOrchestratorCredentialsConfigFile", "my.cnf-style file with `user` and `password` below `[client]`, instead of the two keys"),
			boolean("MySQLOrchestratorUseMutualTLS", "TLS with a certificate of our own"),
			text("MySQLOrchestratorSSLCertFile", "that certificate, PEM"),
			text("MySQLOrchestratorSSLPrivateKeyFile", "its private key, PEM"),
			text("MySQLOrchestratorSSLCAFile", "authorities that may have signed the server's certificate, PEM"),
			boolean("MySQLOrchestratorSSLSkipVerify", "accept any certificate of the server"),
		}},
		{"Connecting to the seeded servers", []Key{
			text("MySQLTopologyUser", "account on the MySQL servers"),
			secret("MySQLTopologyPassword", "its password"),
			text("MySQLTopologyCredentialsConfigFile", "my.cnf-style file with `user` and `password` below `[client]`, instead of the two keys"),
			text("MySQLTopologySSLCertFile", "certificate of our own, PEM"),
			text("MySQLTopologySSLPrivateKeyFile", "its private key, PEM"),
			text("MySQLTopologySSLCAFile", "authorities that may have signed the servers' certificates, PEM"),
			boolean("MySQLTopologySSLSkipVerify", "accept any certificate of the servers"),
			boolean("MySQLTopologyUseMutualTLS", "TLS with a certificate of our own"),
			boolean("MySQLTopologyUseMixedTLS", "use TLS with the servers that have it and none with the others"),
			number("MySQLConnectTimeoutSeconds", "longest time to connect", 1, maxSeconds),
			text("ReplicationCredentialsQuery", "asked on the source; its first row is the user and the password for replication"),
			text("ReplicationUser", "replication account, where no query is given"),
			secret("ReplicationPassword", "its password"),
			text("DetectClusterAliasQuery", "asked on the source; its first column is the name of the cluster"),
		}},
		{"Agents", []Key{
			number("AgentPollMinutes", "how often each agent is asked for its facts", 1, maxMinutes),
			number("UnseenAgentForgetHours", "an agent that was not seen for so long, and has no seed, is forgotten", 1, maxHours),
			number("AgentHttpTimeoutSeconds", "longest time for a call to an agent, its answer included", 1, maxSeconds),
		}},
		{"Seeds", []Key{
			number("SeedProcessIntervalSeconds", "time between two looks at every active seed", 1, maxSeconds),
			number("MaxRetriesForSeedStage", "how often a failed stage is tried again. A try because a MySQL did not answer does not count for the first `SeedAgentUnreachableFailMinutes`", 0, 1000),
			number("SeedBackupStaleFailMinutes", "a backup or restore that moves no byte for so long has failed", 1, maxMinutes),
			number("SeedDowntimeHours", "length of the target's downtime entry", 1, maxHours),
			boolean("SeedEventDriven", "go on at once when a step made progress, instead of waiting for the interval"),
			number("SeedAgentUnreachableFailMinutes", "an agent that can't be reached for so long has failed its stage", 1, maxMinutes),
			number("SeedReplicaLagThresholdSeconds", "the new replica's lag has to fall below this", 0, maxSeconds),
			number("SeedCatchUpMinutes", "how long the new replica may take to catch up", 1, maxMinutes),
			number("SeedHoldFailedHours", "how long a failed seed is kept as it is for `agent-retry-seed`", 0, maxHours),
			number("MaxActiveSeeds", "most seeds at a time; 0 is no bound", 0, 1_000_000),
			number("MaxActiveSeedsPerSource", "most seeds at a time that read from one source; 0 is no bound", 0, 1_000_000),
			number("SeedHistoryDays", "seeds that ended longer ago are removed", 1, maxDays),
			number("AuditPurgeDays", "audit lines older than this are removed", 1, maxDays),
		}},
		{"Who may do what", []Key{
			{Name: "AuthenticationMethod", Help: "how people and scripts say who they are", Allowed: "empty (no authentication), `basic`, `multi` or `proxy`; `token` is not supported yet", words: []string{"", "basic", "multi", "proxy"}},
			text("HTTPAuthUser", "for `basic` and `multi`: the user. With `multi` the user `readonly` may read with any password, as in orchestrator"),
			secret("HTTPAuthPassword", "for `basic` and `multi`: the password"),
			text("AuthUserHeader", "for `proxy`: the header in which the proxy names the user"),
			list("PowerAuthUsers", "for `proxy`: users that may change things; `*` is everyone"),
			boolean("ReadOnly", "refuse everything that changes something"),
		}},
		{"TLS for people", []Key{
			boolean("UseSSL", "serve HTTPS at `ListenAddress`"),
			boolean("UseMutualTLS", "ask callers for a certificate too"),
			text("SSLPrivateKeyFile", "private key, PEM"),
			text("SSLCertFile", "certificate, PEM"),
			text("SSLCAFile", "authorities that may have signed callers' certificates, PEM"),
			list("SSLValidOUs", "organizational units of which a caller's certificate has to have one; empty: any"),
			boolean("SSLSkipVerify", "accept any certificate where the service calls itself or another node"),
		}},
		{"TLS with agents", []Key{
			boolean("AgentsUseSSL", "TLS at the agents' door and in calls to agents"),
			boolean("AgentsUseMutualTLS", "certificates on both sides"),
			text("AgentSSLPrivateKeyFile", "private key, PEM"),
			text("AgentSSLCertFile", "certificate, PEM"),
			text("AgentSSLCAFile", "authorities that may have signed agents' certificates, PEM"),
			list("AgentSSLValidOUs", "organizational units of which an agent's certificate has to have one; empty: any"),
			boolean("AgentSSLSkipVerify", "accept any certificate of an agent"),
		}},
	}
}
