package mysqldump

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// rememberConnections is the journal's key for the IDs of the connections that load.
const rememberConnections = "connections"

// open opens a session and remembers its ID: the statement of an agent that was killed goes on in the server.
func (l *loader) open(ctx context.Context) (*session, error) {
	s, err := openSession(ctx, l.db)
	if err != nil {
		return nil, err
	}
	var id int64
	if err := s.QueryRowContext(ctx, "SELECT CONNECTION_ID()").Scan(&id); err != nil {
		s.end()
		return nil, loadError(err, "reading the connection's ID")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.connections = append(l.connections, id)
	if err := l.w.Run.Remember(rememberConnections, l.connections); err != nil {
		s.end()
		return nil, err
	}
	return s, nil
}

// endConnections ends what an earlier attempt has left running in the server. A number that belongs to someone else by now,
// after a restart of the server, is left alone unless it is the agent's own too.
func (m *Mysqldump) endConnections(ctx context.Context, w *method.Work, db *sql.DB) error {
	var ids []int64
	if found, err := w.Run.Recall(rememberConnections, &ids); err != nil || !found || len(ids) == 0 {
		return err
	}
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = strconv.FormatInt(id, 10)
	}
	query := `SELECT id FROM information_schema.processlist WHERE user = SUBSTRING_INDEX(CURRENT_USER(), '@', 1)
		AND id <> CONNECTION_ID() AND (id IN (` + strings.Join(list, ", ") + `)`
	if m.o.Carrier != nil { // its programs' connections came after the first of ours, and do nothing but this
		query += fmt.Sprintf(" OR id > %d AND command = 'Query' AND info LIKE 'INSERT INTO%%'", slices.Min(ids))
	}
	query += ")"
	running, err := strings1(ctx, db, query)
	if err != nil {
		return fmt.Errorf("end connections of an earlier attempt: %w", err)
	}
	for _, id := range running {
		const noSuchThread = 1094
		if _, err := db.ExecContext(ctx, "KILL "+id); err != nil && host.Errno(err) != noSuchThread {
			return fmt.Errorf("end connection %s of an earlier attempt: %w", id, err)
		}
	}
	wait, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := gone(wait, func() ([]string, error) { return strings1(wait, db, query) }); err != nil {
		return fmt.Errorf("end connections of an earlier attempt: %w", err)
	}
	return w.Run.Remember(rememberConnections, []int64{})
}
