package store

// Statements about seeds; the same on both dialects.
const (
	seedColumns = `agent_seed_id, target_hostname, source_hostname, seed_method, backup_side, stage, status, retries,
		start_timestamp, end_timestamp, updated_at, version, attempt, not_before, outcome,
		error_code, error_text, error_hint, error_permanent, engine`

	insertSeed = `INSERT INTO agent_seed (target_hostname, source_hostname, seed_method, backup_side, stage, status, retries,
			start_timestamp, end_timestamp, updated_at, version, attempt, not_before, outcome,
			error_code, error_text, error_hint, error_permanent, engine, unfinished)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	// A seed that has ended is not made live by this one: see revive.
	updateSeed = updateSeedAlways + ` AND (status NOT IN ('Completed', 'Failed') OR ? = 0)`

	updateSeedAlways = `UPDATE agent_seed SET target_hostname = ?, source_hostname = ?, seed_method = ?, backup_side = ?,
			stage = ?, status = ?, retries = ?, start_timestamp = ?, end_timestamp = ?, updated_at = ?, version = ?,
			attempt = ?, not_before = ?, outcome = ?, error_code = ?, error_text = ?, error_hint = ?, error_permanent = ?,
			engine = ?, unfinished = ?
		WHERE agent_seed_id = ? AND version = ?`

	selectSeedVersion = `SELECT version FROM agent_seed WHERE agent_seed_id = ?`

	selectSeed = `SELECT ` + seedColumns + ` FROM agent_seed WHERE agent_seed_id = ?`

	selectWorkSeeds = `SELECT ` + seedColumns + ` FROM agent_seed WHERE unfinished = 1 ORDER BY agent_seed_id`

	selectActiveHosts = `SELECT agent_seed_id, target_hostname, source_hostname FROM agent_seed
		WHERE unfinished = 1 AND status NOT IN ('Completed', 'Failed') AND agent_seed_id <> ? ORDER BY agent_seed_id`

	countSeeds = `SELECT stage, status, COUNT(*) FROM agent_seed GROUP BY status, stage ORDER BY stage, status`

	// A list of seeds is selectSeeds, some of the conditions, and seedsPage.
	selectSeeds    = `SELECT ` + seedColumns + ` FROM agent_seed WHERE agent_seed_id < ?`
	seedsNumbered  = ` AND agent_seed_id IN `
	seedsOfTarget  = ` AND target_hostname = ?`
	seedsOfSource  = ` AND source_hostname = ?`
	seedsOfEither  = ` AND (target_hostname = ? OR source_hostname = ?)`
	seedsByMethod  = ` AND seed_method = ?`
	seedsOfStatus  = ` AND status = ?`
	seedsUnended   = ` AND unfinished = 1 AND status NOT IN ('Completed', 'Failed')`
	seedsPage      = ` ORDER BY agent_seed_id DESC LIMIT ? OFFSET ?`
	selectOldSeeds = `SELECT agent_seed_id FROM agent_seed WHERE unfinished = 0 AND end_timestamp < ?
		ORDER BY end_timestamp LIMIT ?`
	deleteOldSeed = `DELETE FROM agent_seed WHERE agent_seed_id = ? AND unfinished = 0 AND end_timestamp < ?`
)

// Statements about a seed's history.
const (
	stateColumns = `agent_seed_state_id, agent_seed_id, agent_hostname, stage, state_timestamp, status, details, attempt,
		repeats`

	// insertStates is followed by as many rows of statePlaces as there are.
	insertStates = `INSERT INTO agent_seed_state (agent_seed_id, agent_hostname, stage, state_timestamp, status, details,
			attempt, repeats, details_hash) VALUES `
	statePlaces = `(?, ?, ?, ?, ?, ?, ?, ?, ?)`

	// selectNewest, a list of seeds, and ofEachHost: the newest row of each of their stages and hosts.
	selectNewest = `SELECT s.agent_seed_state_id, s.agent_seed_id, s.stage, s.agent_hostname, s.status, s.attempt, s.details_hash
		FROM (SELECT MAX(agent_seed_state_id) AS newest FROM agent_seed_state WHERE agent_seed_id IN `
	ofEachHost = ` GROUP BY agent_seed_id, stage, agent_hostname) n JOIN agent_seed_state s ON s.agent_seed_state_id = n.newest`

	repeatState = `UPDATE agent_seed_state SET repeats = repeats + ?, state_timestamp = ? WHERE agent_seed_state_id = ?`

	selectStates = `SELECT ` + stateColumns + ` FROM agent_seed_state WHERE agent_seed_id = ?
		ORDER BY agent_seed_state_id DESC`

	selectStatesSince = `SELECT ` + stateColumns + ` FROM agent_seed_state WHERE agent_seed_state_id > ?
		ORDER BY agent_seed_state_id LIMIT ?`

	// What thinning folds: Running rows of one stage, host, attempt and text.
	selectRepeats = `SELECT MIN(agent_seed_state_id), MAX(state_timestamp), SUM(repeats),
			agent_seed_id, stage, agent_hostname, attempt, details_hash
		FROM agent_seed_state WHERE status = 'Running' AND agent_seed_id IN `
	ofEachText    = ` GROUP BY agent_seed_id, stage, agent_hostname, attempt, details_hash HAVING COUNT(*) > 1`
	keepRepeat    = `UPDATE agent_seed_state SET state_timestamp = ?, repeats = ? WHERE agent_seed_state_id = ?`
	deleteRepeats = `DELETE FROM agent_seed_state WHERE agent_seed_id = ? AND status = 'Running' AND stage = ?
		AND agent_hostname = ? AND attempt = ? AND details_hash = ? AND agent_seed_state_id <> ?`

	deleteStates = `DELETE FROM agent_seed_state WHERE agent_seed_id = ?`
)

// Statements about the target's downtime. An entry of someone else that outlasts ours is left alone: it covers the seed.
const (
	deleteDowntimeBefore = `DELETE FROM database_instance_downtime WHERE hostname = ? AND port = ?
		AND (owner = ? OR COALESCE(downtime_active, 0) = 0 OR end_timestamp IS NULL OR end_timestamp < ?)`
	selectDowntime = `SELECT begin_timestamp, end_timestamp, owner, reason FROM database_instance_downtime
		WHERE hostname = ? AND port = ? AND downtime_active = 1`
	deleteDowntime = `DELETE FROM database_instance_downtime WHERE owner = ? AND reason = ? AND hostname IN `
)
