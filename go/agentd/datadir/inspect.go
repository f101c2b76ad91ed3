package datadir

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

const noteFile = "datadir-layout.json"

// wanted are the variables that are kept in Layout.Vars.
var wanted = append([]string{
	"datadir", "version", "server_id", "innodb_page_size", "lower_case_table_names", "port", "socket", "innodb_data_home_dir", "innodb_data_file_path", "innodb_log_group_home_dir", "innodb_undo_directory",
	"innodb_doublewrite_dir", "innodb_directories", "innodb_temp_tablespaces_dir", "aria_log_dir_path", "log_bin_basename", "log_bin_index",
	"relay_log_basename", "relay_log_index", "log_error", "pid_file", "tmpdir", "innodb_tmpdir", "general_log_file", "slow_query_log_file",
}, unsupported...)

// Layout asks the running server, and notes its answer in StateDir. Of a server that is down it tells that note, else what
// the server's program says of its configuration, else an error with a hint.
func (k *Keeper) Layout(ctx context.Context) (Layout, error) {
	mounts, err := mountPoints()
	if err != nil {
		return Layout{}, err
	}
	running := k.server.MySQLRunning(ctx)
	if running {
		l, err := k.ask(ctx)
		if err == nil {
			l.complete(mounts)
			l.Running = true
			return l, k.note(l)
		}
		k.log.Warn("the running server does not tell its layout", "error", err)
	}
	l, err := k.noted()
	if err != nil {
		l, err = k.askProgram(ctx)
	}
	if err != nil {
		return l, &method.StageError{Code: "datadir-unknown", Err: err, Text: "where MySQL keeps its data is not known",
			Hint: "start MySQL with the agent's account in it, then retry the seed; or let the program mysqld read the server's configuration by default"}
	}
	l.complete(mounts)
	l.Running = running
	return l, nil
}

func (k *Keeper) ask(ctx context.Context) (Layout, error) {
	db, err := k.o.Host.MySQL().Open(ctx, k.o.Host.MySQL().Local())
	if err != nil {
		return Layout{}, err
	}
	defer db.Close()
	all, err := pairs(ctx, db, "SHOW GLOBAL VARIABLES")
	if err != nil {
		return Layout{}, err
	}
	l := fromVars(func(name string) string { return all[name] })
	if l.Program, err = host.ProgramOf(ctx, db); err != nil { // only where its process can't be seen
		k.log.Warn("how the server was started is not known", "error", err)
	}
	if _, known := all["innodb_directories"]; !known { // MariaDB and old MySQL mark external tablespaces with .isl files
		return l, nil
	}
	files, err := pairs(ctx, db, "SELECT FILE_NAME, FILE_TYPE FROM information_schema.FILES WHERE FILE_TYPE = 'TABLESPACE'")
	for path := range files {
		if filepath.IsAbs(path) && strings.HasSuffix(path, ".ibd") && !within(resolve(filepath.Clean(l.DataDir)), resolve(path)) {
			l.External = append(l.External, path)
		}
	}
	return l, err
}

func pairs(ctx context.Context, db *sql.DB, query string) (map[string]string, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("ask for the layout: %w", err)
	}
	defer rows.Close()
	found := map[string]string{}
	for rows.Next() {
		var name, value sql.NullString
		if err := rows.Scan(&name, &value); err != nil {
			return nil, fmt.Errorf("ask for the layout: %w", err)
		}
		found[name.String] = value.String
	}
	return found, rows.Err()
}

func fromVars(value func(name string) string) Layout {
	l := Layout{Vars: map[string]string{}}
	for _, name := range wanted {
		if v := value(name); v != "" {
			l.Vars[name] = v
		}
	}
	l.DataDir, l.Version = l.Vars["datadir"], l.Vars["version"]
	return l
}

func (k *Keeper) note(l Layout) error {
	b, err := json.Marshal(l)
	if err == nil {
		path := filepath.Join(k.o.StateDir, noteFile)
		if err = os.WriteFile(path+".new", b, 0o600); err == nil {
			err = os.Rename(path+".new", path)
		}
	}
	if err != nil {
		return fmt.Errorf("note the layout of the data directory: %w", err)
	}
	return nil
}

func (k *Keeper) noted() (Layout, error) {
	var l Layout
	b, err := os.ReadFile(filepath.Join(k.o.StateDir, noteFile))
	if err == nil {
		err = json.Unmarshal(b, &l)
	}
	if err == nil && !filepath.IsAbs(l.DataDir) {
		err = errors.New("the note of the layout names no data directory")
	}
	return l, err
}

// askProgram reads the table of `mysqld --verbose --help`: what the configuration and the defaults give.
func (k *Keeper) askProgram(ctx context.Context) (Layout, error) {
	var errs []error
	for _, name := range []string{"mariadbd", "mysqld", "/usr/sbin/mariadbd", "/usr/sbin/mysqld", "/usr/libexec/mysqld"} {
		path, err := exec.LookPath(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		text, err := host.Output(ctx, 30*time.Second, path, "--verbose", "--help")
		if err != nil {
			errs = append(errs, err)
			continue
		}
		vars := parseHelp(text)
		local := k.o.Host.MySQL().Local()
		if local.Socket != vars["socket"] && (local.Socket != "" || vars["port"] != strconv.Itoa(local.Port)) {
			errs = append(errs, fmt.Errorf("the configuration that %s reads is of another server: port %s, socket %s; the agent's is %s", path, vars["port"], vars["socket"], local))
			continue
		}
		l := fromVars(func(name string) string { return vars[name] })
		if filepath.IsAbs(l.DataDir) {
			return l, nil
		}
		errs = append(errs, fmt.Errorf("%s names no data directory", path))
	}
	return Layout{}, errors.Join(errs...)
}

// parseHelp reads the table of variables at the end of `mysqld --verbose --help`. Names get underscores, and the names that
// the running server has: log_bin is log_bin_basename there.
func parseHelp(text string) map[string]string {
	found := map[string]string{}
	_, table, _ := strings.Cut(text, "\n-----")
	for line := range strings.Lines(table) {
		name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		if value = strings.TrimSpace(value); !ok || value == "" || value == "(No default value)" {
			continue
		}
		name = strings.ReplaceAll(name, "-", "_")
		if _, again := found[name]; !again {
			found[name] = value
		}
	}
	for _, log := range []string{"log_bin", "relay_log"} {
		if v := found[log]; v != "" {
			found[log+"_basename"] = v
		}
	}
	return found
}
