-- Times of ours are UTC with microseconds; NULL is "never". Indexes stand within their table, so that a file that was cut off
-- by a crash can be run again.

CREATE TABLE IF NOT EXISTS host_agent (
  hostname VARCHAR(255) NOT NULL,
  port INT UNSIGNED NOT NULL,
  token VARCHAR(255) NOT NULL,
  last_checked DATETIME(6) NULL,
  last_seen DATETIME(6) NULL,
  mysql_port INT UNSIGNED NOT NULL DEFAULT 0,
  status VARCHAR(32) NOT NULL,
  data LONGTEXT NULL,
  cluster_alias VARCHAR(255) NOT NULL DEFAULT '',
  mysql_version VARCHAR(255) NOT NULL DEFAULT '',
  last_error MEDIUMTEXT NOT NULL,
  PRIMARY KEY (hostname),
  KEY last_checked_idx_host_agent (last_checked),
  KEY last_seen_idx_host_agent (last_seen),
  KEY cluster_alias_idx_host_agent (cluster_alias, hostname)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- unfinished is 1 while the seed is active or still has something to release: what ProcessSeeds looks at.
CREATE TABLE IF NOT EXISTS agent_seed (
  agent_seed_id BIGINT NOT NULL AUTO_INCREMENT,
  target_hostname VARCHAR(255) NOT NULL,
  source_hostname VARCHAR(255) NOT NULL,
  seed_method VARCHAR(32) NOT NULL,
  backup_side VARCHAR(32) NOT NULL,
  stage VARCHAR(32) NOT NULL,
  status VARCHAR(32) NOT NULL,
  retries INT NOT NULL DEFAULT 0,
  start_timestamp DATETIME(6) NULL,
  end_timestamp DATETIME(6) NULL,
  updated_at DATETIME(6) NULL,
  version BIGINT NOT NULL DEFAULT 1,
  attempt BIGINT NOT NULL DEFAULT 0,
  not_before DATETIME(6) NULL,
  outcome VARCHAR(32) NOT NULL DEFAULT '',
  error_code VARCHAR(128) NOT NULL DEFAULT '',
  error_text MEDIUMTEXT NOT NULL,
  error_hint MEDIUMTEXT NOT NULL,
  error_permanent TINYINT NOT NULL DEFAULT 0,
  unfinished TINYINT NOT NULL,
  engine LONGTEXT NOT NULL,
  PRIMARY KEY (agent_seed_id),
  KEY unfinished_idx_agent_seed (unfinished, end_timestamp),
  KEY target_idx_agent_seed (target_hostname),
  KEY source_idx_agent_seed (source_hostname),
  KEY status_idx_agent_seed (status),
  KEY status_stage_idx_agent_seed (status, stage)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- details_hash is the SHA-256 of details in hex: equal texts are found without moving them.
CREATE TABLE IF NOT EXISTS agent_seed_state (
  agent_seed_state_id BIGINT NOT NULL AUTO_INCREMENT,
  agent_seed_id BIGINT NOT NULL,
  agent_hostname VARCHAR(255) NOT NULL,
  stage VARCHAR(32) NOT NULL,
  state_timestamp DATETIME(6) NOT NULL,
  status VARCHAR(32) NOT NULL,
  details LONGTEXT NOT NULL,
  attempt BIGINT NOT NULL DEFAULT 0,
  repeats BIGINT NOT NULL DEFAULT 1,
  details_hash CHAR(64) NOT NULL DEFAULT '',
  PRIMARY KEY (agent_seed_state_id),
  KEY seed_idx_agent_seed_state (agent_seed_id),
  KEY newest_idx_agent_seed_state (agent_seed_id, stage, agent_hostname)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS host_attributes (
  hostname VARCHAR(255) NOT NULL,
  attribute_name VARCHAR(255) NOT NULL,
  attribute_value TEXT NOT NULL,
  submit_timestamp DATETIME(6) NOT NULL,
  expire_timestamp DATETIME(6) NULL,
  PRIMARY KEY (hostname, attribute_name),
  KEY name_idx_host_attributes (attribute_name)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS audit (
  audit_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  audit_timestamp DATETIME(6) NOT NULL,
  audit_type VARCHAR(128) NOT NULL,
  hostname VARCHAR(255) NOT NULL DEFAULT '',
  port INT UNSIGNED NOT NULL DEFAULT 0,
  cluster_name VARCHAR(255) NOT NULL DEFAULT '',
  message MEDIUMTEXT NOT NULL,
  PRIMARY KEY (audit_id),
  KEY audit_timestamp_idx_audit (audit_timestamp)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- Who asked, beside orchestrator's audit; a line of the service itself has none.
CREATE TABLE IF NOT EXISTS seed_audit_user (
  audit_id BIGINT UNSIGNED NOT NULL,
  user_name VARCHAR(255) NOT NULL,
  PRIMARY KEY (audit_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS database_instance_downtime (
  hostname VARCHAR(255) NOT NULL,
  port INT UNSIGNED NOT NULL,
  downtime_active TINYINT NULL,
  begin_timestamp DATETIME(6) NULL,
  end_timestamp DATETIME(6) NULL,
  owner VARCHAR(128) NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (hostname, port)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- Written by an orchestrator on the same database, only read by us; its columns, so that it finds the table as it makes it.
CREATE TABLE IF NOT EXISTS database_instance (
  hostname VARCHAR(128) CHARACTER SET ascii NOT NULL,
  port SMALLINT UNSIGNED NOT NULL,
  last_checked TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  last_seen TIMESTAMP NULL DEFAULT NULL,
  server_id INT UNSIGNED NOT NULL DEFAULT 0,
  version VARCHAR(128) CHARACTER SET ascii NOT NULL DEFAULT '',
  binlog_format VARCHAR(16) CHARACTER SET ascii NOT NULL DEFAULT '',
  log_bin TINYINT UNSIGNED NOT NULL DEFAULT 0,
  log_slave_updates TINYINT UNSIGNED NOT NULL DEFAULT 0,
  binary_log_file VARCHAR(128) CHARACTER SET ascii NOT NULL DEFAULT '',
  binary_log_pos BIGINT UNSIGNED NOT NULL DEFAULT 0,
  master_host VARCHAR(128) CHARACTER SET ascii NOT NULL DEFAULT '',
  master_port SMALLINT UNSIGNED NOT NULL DEFAULT 0,
  slave_sql_running TINYINT UNSIGNED NOT NULL DEFAULT 0,
  slave_io_running TINYINT UNSIGNED NOT NULL DEFAULT 0,
  master_log_file VARCHAR(128) CHARACTER SET ascii NOT NULL DEFAULT '',
  read_master_log_pos BIGINT UNSIGNED NOT NULL DEFAULT 0,
  relay_master_log_file VARCHAR(128) CHARACTER SET ascii NOT NULL DEFAULT '',
  exec_master_log_pos BIGINT UNSIGNED NOT NULL DEFAULT 0,
  seconds_behind_master BIGINT UNSIGNED NULL,
  slave_lag_seconds BIGINT UNSIGNED NULL,
  num_slave_hosts INT UNSIGNED NOT NULL DEFAULT 0,
  slave_hosts TEXT NULL,
  cluster_name VARCHAR(128) CHARACTER SET ascii NOT NULL DEFAULT '',
  PRIMARY KEY (hostname, port),
  KEY cluster_name_idx_database_instance (cluster_name),
  KEY last_checked_idx_database_instance (last_checked),
  KEY last_seen_idx_database_instance (last_seen)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4;

CREATE TABLE IF NOT EXISTS cluster_alias (
  cluster_name VARCHAR(128) CHARACTER SET ascii NOT NULL,
  alias VARCHAR(128) NOT NULL,
  PRIMARY KEY (cluster_name)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4;

-- Row 1 is locked where something is decided from many rows and then written; row 2 is for Ping.
CREATE TABLE IF NOT EXISTS seed_guard (
  anchor TINYINT UNSIGNED NOT NULL,
  touched BIGINT NOT NULL,
  PRIMARY KEY (anchor)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
INSERT IGNORE INTO seed_guard (anchor, touched) VALUES (1, 0), (2, 0);

CREATE TABLE IF NOT EXISTS seed_leader (
  anchor TINYINT UNSIGNED NOT NULL,
  node VARCHAR(255) NOT NULL,
  holder VARCHAR(64) NOT NULL,
  term BIGINT NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  PRIMARY KEY (anchor)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
INSERT IGNORE INTO seed_leader (anchor, node, holder, term, expires_at) VALUES (1, '', '', 0, '1971-01-01 00:00:00');
