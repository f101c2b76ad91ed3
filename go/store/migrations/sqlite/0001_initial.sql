-- Times are UTC text, 2006-01-02 15:04:05.000000, so that they sort and compare; NULL is "never".

CREATE TABLE IF NOT EXISTS host_agent (
  hostname TEXT NOT NULL PRIMARY KEY CHECK (length(hostname) <= 255),
  port INTEGER NOT NULL,
  token TEXT NOT NULL,
  last_checked TEXT NULL,
  last_seen TEXT NULL,
  mysql_port INTEGER NOT NULL DEFAULT 0,
  status TEXT NOT NULL,
  data TEXT NULL,
  cluster_alias TEXT NOT NULL DEFAULT '',
  mysql_version TEXT NOT NULL DEFAULT '',
  last_error TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS last_checked_idx_host_agent ON host_agent (last_checked);
CREATE INDEX IF NOT EXISTS last_seen_idx_host_agent ON host_agent (last_seen);
CREATE INDEX IF NOT EXISTS cluster_alias_idx_host_agent ON host_agent (cluster_alias, hostname);

-- unfinished is 1 while the seed is active or still has something to release: what ProcessSeeds looks at.
CREATE TABLE IF NOT EXISTS agent_seed (
  agent_seed_id INTEGER PRIMARY KEY AUTOINCREMENT,
  target_hostname TEXT NOT NULL CHECK (length(target_hostname) <= 255),
  source_hostname TEXT NOT NULL CHECK (length(source_hostname) <= 255),
  seed_method TEXT NOT NULL,
  backup_side TEXT NOT NULL,
  stage TEXT NOT NULL,
  status TEXT NOT NULL,
  retries INTEGER NOT NULL DEFAULT 0,
  start_timestamp TEXT NULL,
  end_timestamp TEXT NULL,
  updated_at TEXT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  attempt INTEGER NOT NULL DEFAULT 0,
  not_before TEXT NULL,
  outcome TEXT NOT NULL DEFAULT '',
  error_code TEXT NOT NULL DEFAULT '',
  error_text TEXT NOT NULL,
  error_hint TEXT NOT NULL,
  error_permanent INTEGER NOT NULL DEFAULT 0,
  unfinished INTEGER NOT NULL,
  engine TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS unfinished_idx_agent_seed ON agent_seed (unfinished, end_timestamp);
CREATE INDEX IF NOT EXISTS target_idx_agent_seed ON agent_seed (target_hostname);
CREATE INDEX IF NOT EXISTS source_idx_agent_seed ON agent_seed (source_hostname);
CREATE INDEX IF NOT EXISTS status_idx_agent_seed ON agent_seed (status);
CREATE INDEX IF NOT EXISTS status_stage_idx_agent_seed ON agent_seed (status, stage);

-- details_hash is the SHA-256 of details in hex: equal texts are found without moving them.
CREATE TABLE IF NOT EXISTS agent_seed_state (
  agent_seed_state_id INTEGER PRIMARY KEY AUTOINCREMENT,
  agent_seed_id INTEGER NOT NULL,
  agent_hostname TEXT NOT NULL CHECK (length(agent_hostname) <= 255),
  stage TEXT NOT NULL,
  state_timestamp TEXT NOT NULL,
  status TEXT NOT NULL,
  details TEXT NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 0,
  repeats INTEGER NOT NULL DEFAULT 1,
  details_hash TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS seed_idx_agent_seed_state ON agent_seed_state (agent_seed_id);
CREATE INDEX IF NOT EXISTS newest_idx_agent_seed_state ON agent_seed_state (agent_seed_id, stage, agent_hostname);

CREATE TABLE IF NOT EXISTS host_attributes (
  hostname TEXT NOT NULL,
  attribute_name TEXT NOT NULL,
  attribute_value TEXT NOT NULL,
  submit_timestamp TEXT NOT NULL,
  expire_timestamp TEXT NULL,
  PRIMARY KEY (hostname, attribute_name)
);
CREATE INDEX IF NOT EXISTS name_idx_host_attributes ON host_attributes (attribute_name);

CREATE TABLE IF NOT EXISTS audit (
  audit_id INTEGER PRIMARY KEY AUTOINCREMENT,
  audit_timestamp TEXT NOT NULL,
  audit_type TEXT NOT NULL,
  hostname TEXT NOT NULL DEFAULT '',
  port INTEGER NOT NULL DEFAULT 0,
  cluster_name TEXT NOT NULL DEFAULT '',
  message TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS audit_timestamp_idx_audit ON audit (audit_timestamp);

-- Who asked, beside orchestrator's audit; a line of the service itself has none.
CREATE TABLE IF NOT EXISTS seed_audit_user (
  audit_id INTEGER NOT NULL PRIMARY KEY,
  user_name TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS database_instance_downtime (
  hostname TEXT NOT NULL,
  port INTEGER NOT NULL,
  downtime_active INTEGER NULL,
  begin_timestamp TEXT NULL,
  end_timestamp TEXT NULL,
  owner TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (hostname, port)
);

-- Written by an orchestrator on the same database, only read by us; its columns, so that it finds the table as it makes it.
CREATE TABLE IF NOT EXISTS database_instance (
  hostname TEXT NOT NULL,
  port INTEGER NOT NULL,
  last_checked TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
  last_seen TEXT NULL,
  server_id INTEGER NOT NULL DEFAULT 0,
  version TEXT NOT NULL DEFAULT '',
  binlog_format TEXT NOT NULL DEFAULT '',
  log_bin INTEGER NOT NULL DEFAULT 0,
  log_slave_updates INTEGER NOT NULL DEFAULT 0,
  binary_log_file TEXT NOT NULL DEFAULT '',
  binary_log_pos INTEGER NOT NULL DEFAULT 0,
  master_host TEXT NOT NULL DEFAULT '',
  master_port INTEGER NOT NULL DEFAULT 0,
  slave_sql_running INTEGER NOT NULL DEFAULT 0,
  slave_io_running INTEGER NOT NULL DEFAULT 0,
  master_log_file TEXT NOT NULL DEFAULT '',
  read_master_log_pos INTEGER NOT NULL DEFAULT 0,
  relay_master_log_file TEXT NOT NULL DEFAULT '',
  exec_master_log_pos INTEGER NOT NULL DEFAULT 0,
  seconds_behind_master INTEGER NULL,
  slave_lag_seconds INTEGER NULL,
  num_slave_hosts INTEGER NOT NULL DEFAULT 0,
  slave_hosts TEXT NULL,
  cluster_name TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (hostname, port)
);

CREATE TABLE IF NOT EXISTS cluster_alias (
  cluster_name TEXT NOT NULL PRIMARY KEY,
  alias TEXT NOT NULL
);

-- Row 1 is locked where something is decided from many rows and then written; row 2 is for Ping.
CREATE TABLE IF NOT EXISTS seed_guard (
  anchor INTEGER NOT NULL PRIMARY KEY,
  touched INTEGER NOT NULL
);
INSERT OR IGNORE INTO seed_guard (anchor, touched) VALUES (1, 0), (2, 0);

CREATE TABLE IF NOT EXISTS seed_leader (
  anchor INTEGER NOT NULL PRIMARY KEY,
  node TEXT NOT NULL,
  holder TEXT NOT NULL,
  term INTEGER NOT NULL,
  expires_at TEXT NOT NULL
);
INSERT OR IGNORE INTO seed_leader (anchor, node, holder, term, expires_at) VALUES (1, '', '', 0, '1971-01-01 00:00:00.000');
