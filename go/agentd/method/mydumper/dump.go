package mydumper

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
)

// Dump implements mysqldump.Carrier.
func (c *carrier) Dump(ctx context.Context, w *method.Work, from mysqldump.CarrierSource) (_ agentapi.Metadata, _ json.RawMessage, err error) {
	var none agentapi.Metadata
	t, err := find(ctx, dumpProgram)
	if err != nil {
		return none, nil, err
	}
	all, err := readTables(ctx, from.DB, from.Server, t.modern)
	if err != nil {
		return none, nil, err
	}
	if err := all.refuse(); err != nil {
		return none, nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Remove(w.Dir))
		}
	}()
	r := &rowDump{c: c, w: w, from: from, tool: t, tables: all, dir: filepath.Join(w.Dir, rowsDir)}
	locked, err := r.run(ctx)
	if err != nil {
		return none, nil, err
	}
	pos, p, err := r.result(ctx, locked)
	if err != nil {
		return none, nil, err
	}
	w.Run.Say(fmt.Sprintf("%s left %d files, %s", dumpProgram, len(p.Files), method.Size(p.bytes())))
	raw, err := json.Marshal(p)
	return pos, raw, err
}

// result reads what mydumper left. locked is the position that the agent's own lock was taken at, nil without one.
func (r *rowDump) result(ctx context.Context, locked *agentapi.Metadata) (pos agentapi.Metadata, p *proof, err error) {
	text, err := os.ReadFile(filepath.Join(r.dir, "metadata"))
	if err != nil {
		return pos, nil, failed(mysqldump.CodeCut, "see the source's error log", err, "mydumper left no metadata")
	}
	m, err := ParseMetadata(string(text))
	if err != nil {
		return pos, nil, failed(mysqldump.CodeCut, "see the source's error log", err, "")
	}
	if locked != nil {
		pos = *locked
	} else if pos, err = m.position(); err != nil {
		return pos, nil, failed(mysqldump.CodeCut, "is the binary log of the source on?", err, "")
	}
	if r.from.Server.Flavour == host.FlavourMariaDB {
		if pos.GtidExecuted, err = gtidAt(ctx, r.from.DB, pos); err != nil {
			return pos, nil, err
		}
	}
	if p, err = prove(ctx, r.dir, true); err != nil {
		return pos, nil, err
	}
	p.Tables = m.Tables
	if diff := p.differ(m.Counts); diff != "" {
		return pos, nil, failed(mysqldump.CodeCut, "see the source's error log", nil, "mydumper ended with success, but %s", diff)
	}
	if missing := p.missing(r.tables.rows); len(missing) > 0 {
		return pos, nil, failed(mysqldump.CodeCut, "were tables made or dropped during the backup? the next attempt may succeed", nil,
			"mydumper ended with success, but left no file for %s", strings.Join(missing, ", "))
	}
	return pos, p, nil
}

// gtidAt asks a MariaDB for the GTIDs at a position of its binary log: mydumper writes @@gtid_current_pos, which also holds
// what the source itself once replicated.
func gtidAt(ctx context.Context, db *sql.DB, pos agentapi.Metadata) (string, error) {
	var gtid sql.NullString
	if err := db.QueryRowContext(ctx, "SELECT BINLOG_GTID_POS(?, ?)", pos.LogFile, pos.LogPos).Scan(&gtid); err != nil {
		return "", fmt.Errorf("read the GTIDs at %s:%d: %w", pos.LogFile, pos.LogPos, err)
	}
	if !gtid.Valid {
		return pos.GtidExecuted, nil
	}
	return gtid.String, nil
}
