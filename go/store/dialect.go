package store

// dialect is everything in which the two backends differ.
type dialect struct {
	name       string
	migrations string // folder in migrations.FS
	retryable  func(err error, committing bool) bool
	writers    int // transactions of many that are worth while side by side
	// commitError makes those errors of a COMMIT an *unknownError after which it may have been done.
	commitError func(err error) error

	// Locks; "" where the transaction is the only writer anyway.
	lockGuard string
	lockTerm  string

	selectSeedLocked string
	updateSeeds      func(n int) string // see move.go

	upsertHost      string
	upsertAttribute string
	insertDowntime  string
	upsertWake      string

	leaseLocked string // node, holder, term, live; locked
	leaseRead   string // node, term, live
	leaseTake   string // node, holder, term, microseconds

	versionTable   string
	versionColumns string // legacy check: names of host_agent's columns
}

var sqliteDialect = dialect{
	name:        "sqlite3",
	migrations:  "sqlite",
	retryable:   sqliteRetryable,
	writers:     1,
	commitError: sqliteCommit,

	lockTerm: `SELECT term FROM seed_leader WHERE anchor = 1`,

	selectSeedLocked: selectSeed,
	updateSeeds:      sqliteUpdateSeeds,

	upsertHost: insertHost + `
		ON CONFLICT (hostname) DO UPDATE SET port = excluded.port, token = excluded.token,
			last_checked = excluded.last_checked, last_seen = excluded.last_seen, mysql_port = excluded.mysql_port,
			status = excluded.status, data = excluded.data, cluster_alias = excluded.cluster_alias,
			mysql_version = excluded.mysql_version, last_error = excluded.last_error`,
	upsertAttribute: insertAttribute + `
		ON CONFLICT (hostname, attribute_name) DO UPDATE SET attribute_value = excluded.attribute_value,
			submit_timestamp = excluded.submit_timestamp, expire_timestamp = NULL`,
	insertDowntime: `INSERT OR IGNORE INTO database_instance_downtime
			(hostname, port, downtime_active, begin_timestamp, end_timestamp, owner, reason)
		VALUES (?, ?, 1, ?, ?, ?, ?)`,
	upsertWake: insertWake + ` ON CONFLICT (agent_seed_id) DO UPDATE SET wakes = wakes + 1`,

	leaseLocked: `SELECT node, holder, term, expires_at > STRFTIME('%Y-%m-%d %H:%M:%f', 'now')
		FROM seed_leader WHERE anchor = 1`,
	leaseRead: `SELECT node, term, expires_at > STRFTIME('%Y-%m-%d %H:%M:%f', 'now')
		FROM seed_leader WHERE anchor = 1`,
	leaseTake: `UPDATE seed_leader SET node = ?, holder = ?, term = ?,
			expires_at = STRFTIME('%Y-%m-%d %H:%M:%f', 'now', '+' || (? / 1000000.0) || ' seconds')
		WHERE anchor = 1`,

	versionTable: `CREATE TABLE IF NOT EXISTS seed_schema_version (
		version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)`,
	versionColumns: `SELECT name FROM PRAGMA_TABLE_INFO('host_agent')`,
}

var mysqlDialect = dialect{
	name:        "mysql",
	migrations:  "mysql",
	retryable:   mysqlRetryable,
	writers:     3,
	commitError: mysqlCommit,

	lockGuard: `SELECT anchor FROM seed_guard WHERE anchor = 1 FOR UPDATE`,
	// The old spelling is the one that MySQL 5.7 to 9 and MariaDB all know.
	lockTerm: `SELECT term FROM seed_leader WHERE anchor = 1 LOCK IN SHARE MODE`,

	selectSeedLocked: selectSeed + ` FOR UPDATE`,
	updateSeeds:      mysqlUpdateSeeds,

	upsertHost: insertHost + `
		ON DUPLICATE KEY UPDATE port = VALUES(port), token = VALUES(token),
			last_checked = VALUES(last_checked), last_seen = VALUES(last_seen), mysql_port = VALUES(mysql_port),
			status = VALUES(status), data = VALUES(data), cluster_alias = VALUES(cluster_alias),
			mysql_version = VALUES(mysql_version), last_error = VALUES(last_error)`,
	upsertAttribute: insertAttribute + `
		ON DUPLICATE KEY UPDATE attribute_value = VALUES(attribute_value),
			submit_timestamp = VALUES(submit_timestamp), expire_timestamp = NULL`,
	insertDowntime: `INSERT INTO database_instance_downtime
			(hostname, port, downtime_active, begin_timestamp, end_timestamp, owner, reason)
		VALUES (?, ?, 1, ?, ?, ?, ?)
		ON DUPLICATE KEY UPDATE hostname = VALUES(hostname)`,
	upsertWake: insertWake + ` ON DUPLICATE KEY UPDATE wakes = wakes + 1`,

	leaseLocked: `SELECT node, holder, term, expires_at > UTC_TIMESTAMP(6)
		FROM seed_leader WHERE anchor = 1 FOR UPDATE`,
	leaseRead: `SELECT node, term, expires_at > UTC_TIMESTAMP(6) FROM seed_leader WHERE anchor = 1`,
	leaseTake: `UPDATE seed_leader SET node = ?, holder = ?, term = ?,
			expires_at = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND
		WHERE anchor = 1`,

	versionTable: `CREATE TABLE IF NOT EXISTS seed_schema_version (
		version INT NOT NULL, name VARCHAR(255) NOT NULL, applied_at DATETIME(6) NOT NULL, PRIMARY KEY (version)
	) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin`,
	versionColumns: `SELECT LOWER(COLUMN_NAME) FROM INFORMATION_SCHEMA.COLUMNS
		WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'host_agent'`,
}
