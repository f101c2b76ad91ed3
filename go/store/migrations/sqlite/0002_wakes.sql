-- wakes counts how often a node that does not lead asked the leader to look at the seed. It stands beside the seed's row,
-- because asking must not be in the way of the row's compare and set.
CREATE TABLE IF NOT EXISTS seed_wake (
  agent_seed_id INTEGER NOT NULL PRIMARY KEY,
  wakes INTEGER NOT NULL
);
