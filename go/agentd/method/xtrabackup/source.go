package xtrabackup

import (
	"context"
	"database/sql"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
)

// source is what is known of the server to copy before it is copied.
type source struct {
	server  host.Server
	tool    *tool
	datadir string
	own     []string // paths whose files, with any end, stay on the source: logs
}

// checkSource looks whether the local server can be copied: tools, privileges, binary log, files.
func (m *Xtrabackup) checkSource(ctx context.Context) (*source, error) {
	db, err := m.o.Servers.Open(ctx, m.o.Servers.Local())
	if err != nil {
		return nil, failed(CodeConnection, "see that the source's MySQL runs and that the agent's account may log in", err, "")
	}
	defer db.Close()
	s := &source{}
	if s.server, err = m.o.Servers.Server(ctx, db); err != nil {
		return nil, err
	}
	if s.tool, err = findTool(ctx, s.server); err != nil {
		return nil, err
	}
	var logs, relay sql.NullString
	var binlog bool
	const query = "SELECT @@GLOBAL.datadir, @@GLOBAL.log_bin, @@GLOBAL.log_bin_basename"
	if err := db.QueryRowContext(ctx, query).Scan(&s.datadir, &binlog, &logs); err != nil {
		return nil, failed(CodeConnection, "", err, "read the source's variables")
	}
	if err := db.QueryRowContext(ctx, "SELECT @@GLOBAL.relay_log_basename").Scan(&relay); err != nil {
		return nil, failed(CodeConnection, "", err, "read the source's variables")
	}
	if !binlog {
		return nil, permanently(failed(CodePosition, "turn the binary log on at the source (log_bin)", nil, "the source has no binary log"))
	}
	for _, path := range []string{logs.String, relay.String} {
		if path != "" {
			s.own = append(s.own, path+".")
		}
	}
	if err := checkPrivileges(ctx, db, s.server, m.o.Servers.User()); err != nil {
		return nil, err
	}
	if err := readable(s.datadir); err != nil {
		return nil, err
	}
	return s, checkPlaces(ctx, db, s.server, s.datadir)
}

// neededPrivileges are the global ones without which the tool fails, some of them only at its end. Each may have several
// names.
func neededPrivileges(s host.Server) [][]string {
	need := [][]string{{"RELOAD"}, {"PROCESS"}, {"BINLOG MONITOR", "REPLICATION CLIENT", "SUPER"}}
	if s.Flavour == host.FlavourMySQL {
		need = append(need, []string{"LOCK TABLES"})
		if s.AtLeast(8, 0, 0) {
			need = append(need, []string{"BACKUP_ADMIN"})
		}
	}
	return need
}

func checkPrivileges(ctx context.Context, db *sql.DB, s host.Server, user string) error {
	const query = "SELECT privilege_type, CURRENT_USER() FROM information_schema.user_privileges" +
		" WHERE grantee = CONCAT('''', SUBSTRING_INDEX(CURRENT_USER(), '@', (LENGTH(CURRENT_USER()) - LENGTH(REPLACE(CURRENT_USER(), '@', '')))), '''@''', SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')"
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return failed(CodeConnection, "", err, "read the agent's privileges")
	}
	defer rows.Close()
	var has []string
	for rows.Next() {
		var privilege string
		if err := rows.Scan(&privilege, &user); err != nil {
			return failed(CodeConnection, "", err, "read the agent's privileges")
		}
		has = append(has, privilege)
	}
	if err := rows.Err(); err != nil {
		return failed(CodeConnection, "", err, "read the agent's privileges")
	}
	if role := activeRole(ctx, db); role {
		return nil // what it brings isn't listed there; the tool will tell
	}
	var missing []string
	for _, names := range neededPrivileges(s) {
		if !slices.ContainsFunc(names, func(name string) bool { return slices.Contains(has, name) }) {
			missing = append(missing, names[0])
		}
	}
	if len(missing) > 0 {
		return permanently(failed(CodePrivileges, "docs/methods/xtrabackup.md lists the privileges that the agent's account needs on the source", nil,
			"the account %s lacks %s", user, strings.Join(missing, ", ")))
	}
	return nil
}

// activeRole says whether privileges may come from a role. Servers without roles don't know the function.
func activeRole(ctx context.Context, db *sql.DB) bool {
	var role sql.NullString
	err := db.QueryRowContext(ctx, "SELECT CURRENT_ROLE()").Scan(&role)
	return err == nil && role.String != "" && role.String != "NONE"
}

// checkPlaces refuses tables whose InnoDB files are outside the directories that a server has for all: what the target
// would need there can't be known to be free, and a table that is moved back into the data directory brings MariaDB down when
// it is altered.
func checkPlaces(ctx context.Context, db *sql.DB, s host.Server, datadir string) error {
	query := "SELECT PATH FROM information_schema.INNODB_SYS_DATAFILES"
	switch {
	case s.Flavour == host.FlavourMySQL && s.AtLeast(8, 0, 0):
		query = "SELECT PATH FROM information_schema.INNODB_DATAFILES"
	case s.Flavour == host.FlavourMariaDB && s.AtLeast(10, 6, 0):
		query = "SELECT FILENAME FROM information_schema.INNODB_SYS_TABLESPACES WHERE NAME LIKE '%/%'"
	}
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return failed(CodeConnection, "", err, "read where the source's tables are")
	}
	defer rows.Close()
	var outside []string
	for rows.Next() {
		var path sql.NullString
		if err := rows.Scan(&path); err != nil {
			return failed(CodeConnection, "", err, "read where the source's tables are")
		}
		if remote(path.String, datadir) {
			outside = append(outside, path.String)
		}
	}
	if err := rows.Err(); err != nil {
		return failed(CodeConnection, "", err, "read where the source's tables are")
	}
	const shown = 5
	if n := len(outside); n > 0 {
		return permanently(failed(CodeUnfit, "seed by Mysqldump or Mydumper, or rebuild these tables without DATA DIRECTORY", nil,
			"%d tablespaces of the source are outside its data directory: %s", n, strings.Join(outside[:min(n, shown)], ", ")))
	}
	return nil
}

// remote says whether the file of a table is an absolute path outside the data directory.
func remote(path, datadir string) bool {
	if !filepath.IsAbs(path) || !strings.HasSuffix(path, ".ibd") {
		return false
	}
	rel, err := filepath.Rel(filepath.Clean(datadir), path)
	return err != nil || rel == ".." || strings.HasPrefix(rel, "../")
}

// size guesses what the copy will hold, in bytes: what the files below the data directory take, without those that no tool
// copies. 0 when it can't be said.
func (s *source) size(ctx context.Context) int64 {
	var sum int64
	err := filepath.WalkDir(s.datadir, func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || !d.Type().IsRegular() {
			return nil // it may be gone by now
		}
		name := d.Name()
		if slices.ContainsFunc(s.own, func(own string) bool { return strings.HasPrefix(path, own) }) || strings.HasPrefix(name, "ib_logfile") ||
			strings.HasPrefix(name, "ibtmp") || strings.HasPrefix(name, "#ib_redo") || strings.HasSuffix(name, ".dblwr") {
			return nil
		}
		if info, err := d.Info(); err == nil {
			sum += onDisk(info)
		}
		return nil
	})
	if err != nil {
		return 0
	}
	return sum
}

// onDisk is a file's length, or less where it has holes.
func onDisk(info fs.FileInfo) int64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return min(info.Size(), st.Blocks*512)
	}
	return info.Size()
}
