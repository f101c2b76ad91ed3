package mysqldump

import (
	"context"
	"database/sql"
	"fmt"
)

// identityOf tells running servers apart: two that agree in all of it are one.
func identityOf(ctx context.Context, q rowQuerier) (string, error) {
	var host, datadir string
	var port, id int64
	err := q.QueryRowContext(ctx, "SELECT @@GLOBAL.hostname, @@GLOBAL.port, @@GLOBAL.datadir, @@GLOBAL.server_id").Scan(&host, &port, &datadir, &id)
	if err != nil {
		return "", fmt.Errorf("read what tells the server apart: %w", err)
	}
	return fmt.Sprintf("%s:%d %s server_id %d", host, port, datadir, id), nil
}

type rowQuerier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// guard is the last look before schemas are dropped. The checks of the service came before the copy; since then someone may
// have made the target a source of others, and an agent's configuration may lead to another server than the service knows.
func (l *loader) guard(ctx context.Context, s *session) error {
	identity, err := identityOf(ctx, s)
	if err != nil {
		return loadError(err, "looking at the target")
	}
	if identity == l.d.Server {
		e := failed(CodeSameServer, "set host and port in [mysql] of the target's agent to the target's own server", nil,
			"the target's agent is connected to the very server that was dumped (%s); nothing was changed", identity)
		e.Permanent = true
		return e
	}
	var replicas int
	row := s.QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'")
	if err := row.Scan(&replicas); err != nil {
		return loadError(err, "looking for replicas of the target")
	}
	if replicas > 0 {
		return failed(CodeHasReplicas, "move the replicas to another source, then retry the seed", nil,
			"%d replicas read from the target's MySQL: dropping its schemas would reach them or break them; nothing was changed", replicas)
	}
	return nil
}
