// Package migrations holds the numbered SQL files that make the backend's schema, one folder for each dialect.
//
// Rules. A file is NNNN_what.sql, counted from 0001 without gaps, and is never changed once released: what comes later is a
// new file. Both folders carry the same numbers. A statement ends with a semicolon at the end of a line. MySQL commits with
// each definition, so its statements must bear being run again after a crash half-way. Tables that an orchestrator may have
// made already (audit, host_attributes, database_instance, ...) are created with IF NOT EXISTS; host_agent, agent_seed and
// agent_seed_state of an older orchestrator are refused before the first file runs (see store's legacy check).
package migrations

import "embed"

// FS has the folders sqlite and mysql.
//
//go:embed sqlite/*.sql mysql/*.sql
var FS embed.FS
