package mydumper

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
)

// omitName is the file that names the tables to leave out.
const omitName = "rows.omit"

// Dump implements mysqldump.Carrier.
func (c *carrier) Dump(ctx context.Context, w *method.Work, from mysqldump.CarrierSource) (_ agentapi.Metadata, _ json.RawMessage, err error) {
	var none agentapi.Metadata
	path, err := find(ctx, dumpProgram)
	if err != nil {
		return none, nil, err
	}
	t, err := readTables(ctx, from.DB)
	if err != nil {
		return none, nil, err
	}
	if err := t.refuse(); err != nil {
		return none, nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Remove(w.Dir))
		}
	}()
	dir := filepath.Join(w.Dir, rowsDir)
	if err := c.runDump(ctx, w, from, path, dir, t); err != nil {
		return none, nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, "metadata"))
	if err != nil {
		return none, nil, failed(mysqldump.CodeCut, "see the source's error log", err, "mydumper left no metadata")
	}
	pos, err := ParseMetadata(string(text))
	if err != nil {
		return none, nil, failed(mysqldump.CodeCut, "is the binary log of the source on?", err, "")
	}
	if pos.GtidExecuted, err = gtidAt(ctx, from.DB, pos); err != nil {
		return none, nil, err
	}
	p, err := prove(ctx, dir)
	if err != nil {
		return none, nil, err
	}
	if missing := p.missing(t.rows); len(missing) > 0 {
		return none, nil, failed(mysqldump.CodeCut, "were tables made or dropped during the backup? the next attempt may succeed", nil,
			"mydumper ended with success, but left no file for %s", strings.Join(missing, ", "))
	}
	w.Run.Say(fmt.Sprintf("mydumper left %d files, %d bytes compressed", len(p.Files), p.bytes()))
	raw, err := json.Marshal(p)
	return pos, raw, err
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

// runDump runs mydumper into dir, and reports how much there is until it ends.
func (c *carrier) runDump(ctx context.Context, w *method.Work, from mysqldump.CarrierSource, path, dir string, t *tables) (err error) {
	omit := filepath.Join(w.Dir, omitName)
	if err := os.WriteFile(omit, []byte(strings.Join(t.omit, "\n")+"\n"), 0o600); err != nil {
		return noSpace(w.Dir, err)
	}
	defaults, err := c.o.Servers.DefaultsFile(w.Dir, from.Addr)
	if err != nil {
		return noSpace(w.Dir, err)
	}
	defer func() { err = errors.Join(err, os.Remove(defaults), os.Remove(omit)) }()
	args := append([]string{"--defaults-file=" + defaults, "--outputdir=" + dir, "--omit-from-file=" + omit, "--threads=" + strconv.Itoa(c.o.Threads),
		"--no-schemas", "--compress", "--build-empty-files", "--verbose=2", `--regex=^(?!(mysql|sys|information_schema|performance_schema)\.)`}, c.o.DumpExtra...)
	stop := watch(dir, func(n int64) {
		w.Run.Progress(n, max(from.Bytes, n+n/20), "dumping rows with mydumper (bytes compressed, of the source's data uncompressed)")
	})
	defer stop()
	err = run(w.Run.Command(ctx, nil, path, args...), func(line string) { w.Run.Say(dumpProgram + ": " + line) })
	if err == nil {
		return nil
	}
	if full := noSpace(w.Dir, err); strings.Contains(err.Error(), "No space left") || full != err {
		return failed(mysqldump.CodeDiskFull, "free space there, or set backup-dir to a larger file system", err, "no space left for the dump in %s", w.Dir)
	}
	return failed(mysqldump.CodeDump, "these are mydumper's own words; the end of the source's error log (agent-mysql-error-log) may say more", err, "mydumper failed")
}

func noSpace(dir string, err error) error {
	if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
		return err
	}
	return failed(mysqldump.CodeDiskFull, "free space there, or set backup-dir to a larger file system", err, "no space left for the dump in %s", dir)
}

// watch tells the size of a directory's files a few times a second, until stop has returned.
func watch(dir string, tell func(bytes int64)) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(300 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			files, _ := os.ReadDir(dir) // it comes to be in a moment
			var n int64
			for _, f := range files {
				if info, err := f.Info(); err == nil {
					n += info.Size()
				}
			}
			tell(n)
		}
	}()
	return func() { close(done); <-ended }
}
