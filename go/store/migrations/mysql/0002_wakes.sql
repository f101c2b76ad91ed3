-- wakes counts how often a node that does not lead asked the leader to look at the seed. It stands beside the seed's row,
-- because asking must not wait for the row's lock.
CREATE TABLE IF NOT EXISTS seed_wake (
  agent_seed_id BIGINT NOT NULL,
  wakes BIGINT NOT NULL,
  PRIMARY KEY (agent_seed_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
