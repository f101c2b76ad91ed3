package xtrabackup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// What the tools write about a copy. The first name of each that is there counts: MariaDB has new ones from 11.1 on.
var (
	binlogInfoNames  = []string{"mariadb_backup_binlog_info", "xtrabackup_binlog_info"}
	checkpointsNames = []string{"mariadb_backup_checkpoints", "xtrabackup_checkpoints"}
	infoNames        = []string{"mariadb_backup_info", "xtrabackup_info"}
)

// longestInfo bounds what is read of such a file; GTID sets can be long.
const longestInfo = 16 << 20

// readInfo reads the first of those files that is in dir; the error of a missing one is fs.ErrNotExist.
func readInfo(dir string, names []string) (string, error) {
	for _, name := range names {
		path := filepath.Join(dir, name)
		st, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && (!st.Mode().IsRegular() || st.Size() > longestInfo) {
			err = fmt.Errorf("%s is no file that a backup tool writes", path)
		}
		if err != nil {
			return "", err
		}
		b, err := os.ReadFile(path)
		return string(b), err
	}
	return "", fmt.Errorf("none of %s in %s: %w", strings.Join(names, ", "), dir, fs.ErrNotExist)
}

var (
	binlogName = regexp.MustCompile(`^\S(?:.*\S)?\.\d{6,}$`)
	gtidSpace  = regexp.MustCompile(`\s+`)
)

// parseBinlogInfo reads `file<TAB>position<TAB>GTID set`; the set may be missing, and may go on over lines.
func parseBinlogInfo(text string) (agentapi.Metadata, error) {
	fields := strings.SplitN(strings.TrimSpace(text), "\t", 3)
	if len(fields) < 2 {
		return agentapi.Metadata{}, fmt.Errorf("no position in %.100q", text)
	}
	pos, err := strconv.ParseInt(strings.TrimSpace(fields[1]), 10, 64)
	if err != nil || pos < 0 || !binlogName.MatchString(fields[0]) {
		return agentapi.Metadata{}, fmt.Errorf("no position in %.100q", text)
	}
	m := agentapi.Metadata{LogFile: fields[0], LogPos: pos}
	if len(fields) == 3 {
		m.GtidExecuted = gtidSpace.ReplaceAllString(fields[2], "")
	}
	return m, nil
}

// checkpoints is what the file of that name says: how complete a copy is.
type checkpoints struct {
	kind       string // backup_type
	from       uint64 // from_lsn: not 0 in a copy of changes only
	checkpoint uint64 // to_lsn: where the log begins to be applied
	end        uint64 // last_lsn: where it ends
}

// The kinds that count; each tool has its own words for a copy whose log has been applied.
const kindFull = "full-backuped"

func (c checkpoints) prepared() bool { return c.kind == "full-prepared" || c.kind == "log-applied" }

func parseCheckpoints(text string) (checkpoints, error) {
	v := values(text)
	c := checkpoints{kind: v["backup_type"]}
	if c.kind == "" {
		return c, fmt.Errorf("no backup_type in %.100q", text)
	}
	for key, to := range map[string]*uint64{"from_lsn": &c.from, "to_lsn": &c.checkpoint, "last_lsn": &c.end} {
		n, err := strconv.ParseUint(v[key], 10, 64)
		if err != nil {
			return c, fmt.Errorf("no number for %s in %.200q", key, text)
		}
		*to = n
	}
	return c, nil
}

// check says whether the copy is one of a whole server with its log.
func (c checkpoints) check() error {
	switch {
	case c.kind != kindFull && !c.prepared():
		return fmt.Errorf("the copy is of the kind %q, not %s", c.kind, kindFull)
	case c.from != 0:
		return fmt.Errorf("the copy holds changes since log position %d only", c.from)
	case c.end < c.checkpoint || c.end == 0:
		return fmt.Errorf("the copy's log ends at %d, before its checkpoint %d", c.end, c.checkpoint)
	}
	return nil
}

// values reads lines of `name = value`; lines without = are left out.
func values(text string) map[string]string {
	v := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, found := strings.Cut(line, "="); found {
			v[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return v
}

// ownFile: names of files that a tool leaves in the copy for itself, and that no server wants in its data directory.
func ownFile(name string) bool {
	return strings.HasPrefix(name, "xtrabackup_") || strings.HasPrefix(name, "mariadb_backup_") || name == "backup-my.cnf" ||
		name == "ib_logfile101" || name == "donor_galera_info"
}
