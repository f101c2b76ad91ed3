package cloneplugin

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// The states of performance_schema.clone_status.
const (
	stateCompleted = "Completed"
	stateFailed    = "Failed"
	stateRunning   = "In Progress"
)

// status is the row of performance_schema.clone_status: the server's last clone. It lives on in the data directory: after a
// restart on the clone it has no connection, and the position of the source's binary log.
type status struct {
	id          int64
	state       string
	begin       float64 // seconds since 1970, as the server tells them
	source      string
	destination string
	number      uint16
	message     string
	position    agentapi.Metadata
}

func readStatus(ctx context.Context, db *sql.DB) (*status, error) {
	var s status
	var message, file, gtid sql.NullString
	var pos, number sql.NullInt64
	err := db.QueryRowContext(ctx, `SELECT COALESCE(pid, 0), COALESCE(state, ''), COALESCE(UNIX_TIMESTAMP(begin_time), 0), COALESCE(source, ''), COALESCE(destination, ''),
		error_no, error_message, binlog_file, binlog_position, gtid_executed FROM performance_schema.clone_status`).
		Scan(&s.id, &s.state, &s.begin, &s.source, &s.destination, &number, &message, &file, &pos, &gtid)
	if errors.Is(err, sql.ErrNoRows) {
		return &s, nil
	}
	if err != nil {
		return nil, queryError(err, "read performance_schema.clone_status")
	}
	s.message, s.number = message.String, uint16(number.Int64) //nolint:gosec // the server's error numbers fit
	s.position = agentapi.Metadata{LogFile: file.String, LogPos: pos.Int64, GtidExecuted: strings.Join(strings.Fields(gtid.String), "")}
	return &s, nil
}

// of says whether this is the clone that the journal has, before the server was restarted.
func (s *status) of(r record) bool {
	return s.id == r.ID && s.source == r.Source && s.begin >= r.Since && (r.Dir == "" || strings.TrimRight(s.destination, "/") == r.Dir)
}

// onClone says whether the server was started on the clone that the journal has.
func (s *status) onClone(r record) bool {
	return s.id == 0 && s.source == r.Source && s.begin >= r.Since
}

// err is how the clone ended.
func (s *status) err() error {
	if s.state == stateCompleted {
		return nil
	}
	return cloneError(s.number, s.message, errors.New(s.message))
}

// moved is what a clone has copied so far.
type moved struct {
	bytes, total int64
	what         string
}

var stageWords = map[string]string{
	"DROP DATA": "removing the old data", "FILE COPY": "copying files", "PAGE COPY": "copying pages changed meanwhile",
	"REDO COPY": "copying the redo log", "FILE SYNC": "flushing files to disk", "RESTART": "MySQL restarts", "RECOVERY": "MySQL recovers",
}

func readMoved(ctx context.Context, db *sql.DB) (moved, error) {
	m := moved{what: "waiting for the source"}
	rows, err := db.QueryContext(ctx, `SELECT stage, COALESCE(state, ''), COALESCE(estimate, 0), COALESCE(data, 0) FROM performance_schema.clone_progress ORDER BY begin_time IS NULL, begin_time`)
	if err != nil {
		return m, err
	}
	defer rows.Close()
	for rows.Next() {
		var stage, state string
		var estimate, data int64
		if err := rows.Scan(&stage, &state, &estimate, &data); err != nil {
			return m, err
		}
		m.bytes += data
		m.total += max(estimate, data)
		if word := stageWords[stage]; word != "" && (state == stateRunning || state == stateCompleted) && stage != "DROP DATA" {
			m.what = word
		}
	}
	return m, rows.Err()
}
