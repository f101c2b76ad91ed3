package lvm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/datadir"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot"
)

// directories are all that a copy needs: the data directory and the separate ones. Binary and relay logs are not needed.
func directories(l datadir.Layout) []string {
	dirs := []string{l.Real}
	for _, p := range l.Parts {
		if strings.HasPrefix(p.Variable, "log_bin") || strings.HasPrefix(p.Variable, "relay_log") || slices.Contains(dirs, p.Path) {
			continue
		}
		dirs = append(dirs, p.Path)
	}
	return dirs
}

// volume finds provider and volume on which the whole server lies.
func (m *LVM) volume(ctx context.Context, l datadir.Layout) (Provider, snapshot.Volume, error) {
	if len(l.External) > 0 {
		return nil, snapshot.Volume{}, permanently(failed(CodeUnfit, "move the table into the data directory, or use a method that loads rows", nil, "a tablespace lies outside of all directories: %s", l.External[0]))
	}
	var why error
	for _, p := range m.o.Providers {
		v, err := p.Find(ctx, directories(l))
		if err == nil {
			return p, v, nil
		}
		if errors.Is(err, snapshot.ErrUnfit) {
			return nil, v, permanently(failed(CodeUnfit, "put all of MySQL's data on one volume, or use another method", err, "no snapshot can hold the source's data"))
		}
		if !errors.Is(err, snapshot.ErrNotHere) {
			return nil, v, cause(ctx, failed(CodeFailed, "these are the program's own words", err, "the volume of the data directory can't be looked at"))
		}
		why = errors.Join(why, err)
	}
	return nil, snapshot.Volume{}, explained(why)
}

func (m *LVM) provider(kind snapshot.Kind) (Provider, error) {
	for _, p := range m.o.Providers {
		if p.Kind() == kind {
			return p, nil
		}
	}
	return nil, fmt.Errorf("no provider of snapshots is called %q", kind)
}

func readable(dir string) error {
	d, err := os.Open(dir)
	if err == nil {
		_, err = d.Readdirnames(1)
		d.Close()
	}
	if err != nil {
		return permanently(failed(CodePrivileges, "run the agent as root, or as the user that MySQL runs as", err, "the agent can't read MySQL's data directory"))
	}
	return nil
}

// stays are the files at the top of a data directory that do not travel: what is the server's own, not its data; what it
// replicates from; what is made anew at each start.
var stays = regexp.MustCompile(`^(auto\.cnf|mysqld-auto\.cnf.*|.*\.pem|debian-.*\.flag|(.*-)?master\.info|master-.*\.info|multi-master\.info|relay-log.*\.info|` +
	`ibtmp[0-9]+|#innodb_temp|.*\.pid|.*\.sock(\.lock)?|.*\.err|gvwstate\.dat|grastate\.dat|galera\.cache|lost\+found|\.orchestrator-seed-.*)$`)

// own says of a name at the top of a data directory that it does not travel, whatever the server's variables are.
func own(name string, dir bool) bool { return stays.MatchString(name) || name == metadataFile && !dir }

// logs are the names that binary, relay and other logs of a server have, from its variables.
func logs(l datadir.Layout) []*regexp.Regexp {
	var all []*regexp.Regexp
	for name, value := range l.Vars {
		base := regexp.QuoteMeta(path.Base(value))
		switch {
		case value == "":
		case name == "log_bin_basename" || name == "relay_log_basename":
			all = append(all, regexp.MustCompile(`^`+base+`(-[^.]+)?\.([0-9]{6,}(\.idx)?|index|state|index_crash_safe|~rec~)$`))
		case name == "log_bin_index" || name == "relay_log_index" || name == "log_error" || name == "pid_file" || name == "general_log_file" || name == "slow_query_log_file":
			all = append(all, regexp.MustCompile(`^`+base+`$`))
		}
	}
	return all
}

// parts are the files of the directories that variables name, where they are not alone in there.
var parts = map[string]*regexp.Regexp{
	"innodb_log_group_home_dir": regexp.MustCompile(`^(ib_logfile[0-9]+|#innodb_redo)$`),
	"innodb_undo_directory":     regexp.MustCompile(`^(undo.*|.*\.ibu)$`),
	"innodb_doublewrite_dir":    regexp.MustCompile(`^#ib_.*dblwr$`),
	"aria_log_dir_path":         regexp.MustCompile(`^aria_log(_control|\.[0-9]+)$`),
	"innodb_data_home_dir":      regexp.MustCompile(`^(ibdata.*|#ib_.*dblwr|undo.*)$`),
	"innodb_data_file_path":     nil, // the names in it
	"innodb_directories":        regexp.MustCompile(`^.*\.(ibd|ibu)$|^[^.]+$`),
}

// files decides which files of a snapshot travel.
type files struct {
	logs   []*regexp.Regexp
	system []string // names of the system tablespace's files
	vars   []string // the variables of the separate directories
}

func filesOf(l datadir.Layout) *files {
	f := &files{logs: logs(l)}
	for _, spec := range strings.Split(l.Vars["innodb_data_file_path"], ";") {
		if name, _, _ := strings.Cut(strings.TrimSpace(spec), ":"); name != "" {
			f.system = append(f.system, path.Base(name))
		}
	}
	for _, p := range l.Parts {
		f.vars = append(f.vars, p.Variable)
	}
	return f
}

// skip says whether a file or directory stays where it is.
func (f *files) skip(name string, d fs.DirEntry) bool {
	if strings.Contains(name, "/") {
		return false
	}
	return own(name, d.IsDir()) || slices.ContainsFunc(f.logs, func(r *regexp.Regexp) bool { return r.MatchString(name) })
}

// skipPart says the same in a separate directory, where only what its variables stand for is the server's.
func (f *files) skipPart(name string, d fs.DirEntry) bool {
	if strings.Contains(name, "/") {
		return false
	}
	if f.skip(name, d) {
		return true
	}
	for _, v := range f.vars {
		if r := parts[v]; r != nil && r.MatchString(name) {
			return false
		}
	}
	return !slices.Contains(f.system, name)
}

// links finds what marks a table that lies elsewhere.
func links(name string) bool { return strings.HasSuffix(name, ".isl") || filepath.Ext(name) == ".sym" }
