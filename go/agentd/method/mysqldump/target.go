package mysqldump

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpaccounts"
)

// prepare checks what can be checked, and then drops all of the target's user schemas.
func (l *loader) prepare(ctx context.Context) error {
	if err := l.m.endConnections(ctx, l.w, l.db); err != nil {
		return err
	}
	s, err := l.open(ctx)
	if err != nil {
		return err
	}
	defer s.end()
	if err := l.guard(ctx, s); err != nil {
		return err
	}
	if unknown, err := dumpaccounts.Unknown(ctx, s.Conn, l.accounts); err != nil {
		return accountsError(err)
	} else if unknown != "" {
		return failed(CodePrivileges, "upgrade the target's MySQL to the source's version, or take these privileges away on the source", nil,
			"the target's MySQL %s does not know what accounts of the source have: %s; nothing was changed on this host", l.server.Version, unknown)
	}
	if err := l.raisePacket(ctx); err != nil {
		return err
	}
	schemas, err := userSchemas(ctx, s.Conn)
	if err != nil {
		return loadError(err, "reading the target's schemas")
	}
	if err := noteSchemas(l.w, schemas); err != nil {
		return err
	}
	if err := errors.Join(l.w.Run.Remember(rememberErased, true), tellOldData(l.w)); err != nil {
		return err
	}
	if err := dropSchemas(ctx, s, schemas, func(what string) { l.moved(0, what) }); err != nil {
		return err
	}
	if len(schemas) > 0 {
		l.w.Run.Say(fmt.Sprintf("dropped the target's %d user schemas", len(schemas)))
	}
	return nil
}

// rememberPacket is the journal's key for the target's max_allowed_packet from before Restore.
const rememberPacket = "max_allowed_packet"

// raisePacket lets the target take the dump's longest statement; new connections have it.
func (l *loader) raisePacket(ctx context.Context) error {
	var now int64
	if err := l.db.QueryRowContext(ctx, "SELECT @@GLOBAL.max_allowed_packet").Scan(&now); err != nil {
		return loadError(err, "reading max_allowed_packet")
	}
	if l.d.Statement+1024 < now {
		return nil
	}
	var before int64 // of an earlier attempt that was killed: that is the one to put back
	if _, err := l.w.Run.Recall(rememberPacket, &before); err != nil {
		return err
	}
	if err := l.w.Run.Remember(rememberPacket, cmp.Or(before, now)); err != nil {
		return err
	}
	if _, err := l.db.ExecContext(ctx, "SET GLOBAL max_allowed_packet = 1073741824"); err != nil {
		return loadError(err, fmt.Sprintf("raising max_allowed_packet from %d for a statement of %s", now, method.Size(l.d.Statement)))
	}
	l.db.SetMaxIdleConns(0)
	l.db.SetMaxIdleConns(2)
	return nil
}

// putBack undoes what a Restore that did not come to its end left in the target's server.
func (m *Mysqldump) putBack(ctx context.Context, w *method.Work) error {
	var before int64
	var ids []int64
	if _, err := w.Run.Recall(rememberPacket, &before); err != nil {
		return err
	}
	if _, err := w.Run.Recall(rememberConnections, &ids); err != nil {
		return err
	}
	if before == 0 && len(ids) == 0 {
		return nil
	}
	db, err := m.o.Servers.Open(ctx, m.o.Servers.Local())
	if err != nil {
		return fmt.Errorf("put the server's settings back: %w", err)
	}
	defer db.Close()
	if err := m.endConnections(ctx, w, db); err != nil {
		return err
	}
	return putPacketBack(ctx, w, db)
}

func putPacketBack(ctx context.Context, w *method.Work, db *sql.DB) error {
	var before int64
	found, err := w.Run.Recall(rememberPacket, &before)
	if err != nil || !found || before == 0 {
		return err
	}
	if _, err := db.ExecContext(ctx, fmt.Sprintf("SET GLOBAL max_allowed_packet = %d", before)); err != nil {
		return fmt.Errorf("put max_allowed_packet back: %w", err)
	}
	return w.Run.Remember(rememberPacket, 0)
}
