package inst

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// holder is a connection that holds a lock which somebody waits for.
type holder struct{ id, user, host, does, seconds string }

func (h holder) String() string {
	return fmt.Sprintf("connection %s (%s@%s, %s for %s s)", h.id, h.user, h.host, h.does, h.seconds)
}

// holders are those that a server names, or, where it names none, those that may be it.
type holders struct {
	named    []holder
	possible []holder
}

func (h holders) sentence() string {
	switch {
	case len(h.named) > 0:
		return ", which is held by " + list(h.named)
	case len(h.possible) > 0:
		return "; the server does not say who holds it, it may be " + list(h.possible)
	}
	return ""
}

func (h holders) hint() string {
	if len(h.named) > 0 {
		return fmt.Sprintf("have that session end its transaction or LOCK TABLES, or end it there with KILL %s; this is tried again", h.named[0].id)
	}
	return "find the session with an open transaction or LOCK TABLES in SHOW PROCESSLIST there, and end it with KILL; this is tried again"
}

func list(all []holder) string {
	const most = 3
	var texts []string
	for _, h := range all[:min(most, len(all))] {
		texts = append(texts, h.String())
	}
	text := strings.Join(texts, ", ")
	if len(all) > most {
		text += fmt.Sprintf(" and %d more", len(all)-most)
	}
	return text
}

// who is the columns of a holder; p is its row in the process list.
const who = `SELECT DISTINCT p.ID, p.USER, p.HOST, IF(p.COMMAND = 'Sleep', 'idle', p.COMMAND), p.TIME FROM information_schema.PROCESSLIST p `

// Each server has some of these; what it lacks is an error, which means nothing.
var (
	// metadataLocks needs the performance schema, of MySQL from 5.7 and MariaDB from 10.5 on.
	metadataLocks = who + `JOIN performance_schema.threads t ON t.PROCESSLIST_ID = p.ID
		JOIN performance_schema.metadata_locks g ON g.OWNER_THREAD_ID = t.THREAD_ID AND g.LOCK_STATUS = 'GRANTED'
		JOIN performance_schema.metadata_locks w ON w.LOCK_STATUS = 'PENDING' AND w.OBJECT_TYPE = g.OBJECT_TYPE AND w.OWNER_THREAD_ID <> g.OWNER_THREAD_ID
			AND COALESCE(w.OBJECT_SCHEMA, '') = COALESCE(g.OBJECT_SCHEMA, '') AND COALESCE(w.OBJECT_NAME, '') = COALESCE(g.OBJECT_NAME, '')
		WHERE p.USER <> 'system user' AND g.LOCK_TYPE NOT IN ('INTENTION_EXCLUSIVE') ORDER BY p.TIME DESC`
	rowLocks = who + `JOIN performance_schema.threads t ON t.PROCESSLIST_ID = p.ID
		JOIN performance_schema.data_lock_waits w ON w.BLOCKING_THREAD_ID = t.THREAD_ID WHERE p.USER <> 'system user' ORDER BY p.TIME DESC`
	rowLocksOld = who + `JOIN information_schema.INNODB_TRX t ON t.trx_mysql_thread_id = p.ID
		JOIN information_schema.INNODB_LOCK_WAITS w ON w.blocking_trx_id = t.trx_id WHERE p.USER <> 'system user' ORDER BY p.TIME DESC`
	// lockInfo needs MariaDB's plugin metadata_lock_info.
	lockInfo = who + `JOIN information_schema.METADATA_LOCK_INFO g ON g.THREAD_ID = p.ID
		WHERE p.USER <> 'system user' AND g.LOCK_TYPE LIKE 'Table metadata%' AND p.ID <> CONNECTION_ID() ORDER BY p.TIME DESC`
	// sessions may hold something, as long as they are there.
	sessions = who + `WHERE p.USER NOT IN ('system user', 'event_scheduler') AND p.COMMAND NOT IN ('Daemon', 'Binlog Dump', 'Binlog Dump GTID', 'Killed')
		AND p.ID <> CONNECTION_ID() AND COALESCE(p.INFO, '') NOT LIKE 'STOP %' ORDER BY p.TIME DESC`
)

// holders asks who holds what the appliers wait for.
func (s *session) holders(ctx context.Context) holders {
	var h holders
	for _, query := range []string{metadataLocks, rowLocks, rowLocksOld, lockInfo} {
		if h.named = s.holdersBy(ctx, query); len(h.named) > 0 {
			return h
		}
	}
	h.possible = s.holdersBy(ctx, sessions)
	return h
}

func (s *session) holdersBy(ctx context.Context, query string) []holder {
	var found []holder
	err := s.rows(ctx, query, func(_ []string, v []sql.NullString) error {
		address, _, _ := strings.Cut(v[2].String, ":") // the port says nothing
		found = append(found, holder{id: v[0].String, user: v[1].String, host: address, does: strings.ToLower(v[3].String), seconds: v[4].String})
		return nil
	})
	if err != nil {
		return nil
	}
	return found
}
