package datadir

import (
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
)

// Part is a directory outside the data directory that holds a part of the data, and the variable that names it.
type Part struct {
	Variable string
	Path     string // without links
}

// Layout is where the server's data are.
type Layout struct {
	DataDir  string // as configured, without a slash at its end
	Real     string // without links
	Mount    bool   // Real is a mount point
	Parts    []Part
	UID      int
	GID      int
	Mode     fs.FileMode // of the data directory; 0700 when there is none
	FileMode fs.FileMode // of the files in it
	DirMode  fs.FileMode // of the directories in it
	Version  string      // as the server tells it
	Running  bool
	Exists   bool // the data directory is there
	// Program is how the server was started when it ran last; nothing where that was never seen.
	Program host.Program
	// Vars are the server's variables that say where something lies, by name with underscores.
	Vars map[string]string
	// External are tablespace files outside all directories, as MySQL tells them. MariaDB's are found by their links.
	External []string

	// mountedParts are separate directories in file systems that are mounted below the data directory.
	mountedParts []string
}

// directories are the variables that name a directory of data. Empty values are the data directory itself, or as the
// default says.
var directories = []struct {
	name     string
	fallback string // the variable that counts when this one is empty
}{
	{"innodb_data_home_dir", ""},
	{"innodb_log_group_home_dir", ""},
	{"innodb_undo_directory", ""},
	{"innodb_doublewrite_dir", "innodb_data_home_dir"},
	{"aria_log_dir_path", ""},
}

// basenames are the variables that hold a path whose directory counts.
var basenames = []string{"log_bin_basename", "log_bin_index", "relay_log_basename", "relay_log_index"}

// unsupported are directories that may not lie outside the data directory.
var unsupported = []string{"rocksdb_datadir", "rocksdb_wal_dir", "tokudb_data_dir", "tokudb_log_dir", "wsrep_data_home_dir"}

// dir is the real directory of a variable of directories.
func (l *Layout) dir(name string) string {
	for _, d := range directories {
		if d.name != name {
			continue
		}
		v := strings.TrimSpace(l.Vars[name])
		if v == "" && d.fallback != "" {
			return l.dir(d.fallback)
		}
		return l.path(v)
	}
	return l.Real
}

// path makes a variable's value an absolute path without links, as far as it exists.
func (l *Layout) path(v string) string {
	if v == "" {
		return l.Real
	}
	if !filepath.IsAbs(v) {
		return filepath.Join(l.Real, v)
	}
	return resolve(filepath.Clean(v))
}

// resolve follows the links of the part of a path that exists.
func resolve(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	parent := filepath.Dir(path)
	if parent == path {
		return path
	}
	return filepath.Join(resolve(parent), filepath.Base(path))
}

// within says whether path is dir or below it.
func within(dir, path string) bool {
	return path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/")
}

// systemFiles are the paths of InnoDB's system tablespace by innodb_data_file_path; nil when that is not known.
func (l *Layout) systemFiles() []string {
	var paths []string
	for _, spec := range strings.Split(l.Vars["innodb_data_file_path"], ";") {
		name, _, _ := strings.Cut(strings.TrimSpace(spec), ":")
		switch {
		case name == "":
		case filepath.IsAbs(name):
			paths = append(paths, resolve(filepath.Clean(name)))
		default:
			paths = append(paths, filepath.Join(l.dir("innodb_data_home_dir"), name))
		}
	}
	return paths
}

// complete fills in what follows from Vars and the disk. mounts are all mount points.
func (l *Layout) complete(mounts []string) {
	l.DataDir = filepath.Clean(l.DataDir)
	l.Real = resolve(l.DataDir)
	l.Mount = slices.Contains(mounts, l.Real)
	l.Parts = nil
	add := func(variable, path string) {
		p := Part{Variable: variable, Path: path}
		if !within(l.Real, path) && !slices.Contains(l.Parts, p) {
			l.Parts = append(l.Parts, p)
		}
	}
	for _, d := range directories {
		add(d.name, l.dir(d.name))
	}
	for _, path := range l.systemFiles() {
		add("innodb_data_file_path", filepath.Dir(path))
	}
	for _, name := range basenames {
		if v := l.Vars[name]; v != "" {
			add(name, filepath.Dir(l.path(v)))
		}
	}
	for _, dir := range strings.Split(l.Vars["innodb_directories"], ";") {
		if dir = strings.TrimSpace(dir); dir != "" {
			add("innodb_directories", l.path(dir))
		}
	}
	l.owner()
}

// owner reads owner and modes from the disk; of a directory that is not there, those noted last, else the account mysql's.
func (l *Layout) owner() {
	st, err := os.Stat(l.Real)
	l.Exists = err == nil
	if err == nil {
		sys := st.Sys().(*syscall.Stat_t)
		l.UID, l.GID, l.Mode = int(sys.Uid), int(sys.Gid), st.Mode().Perm()
		if st, err := os.Stat(filepath.Join(l.Real, "mysql")); err == nil {
			l.DirMode = st.Mode().Perm()
		}
		for _, path := range l.systemFiles() {
			if st, err := os.Lstat(path); err == nil && st.Mode().IsRegular() {
				l.FileMode = st.Mode().Perm()
			}
		}
	} else if l.Mode == 0 {
		l.UID, l.GID = os.Geteuid(), os.Getegid()
		if u, err := user.Lookup("mysql"); err == nil && os.Geteuid() == 0 {
			l.UID, _ = strconv.Atoi(u.Uid)
			l.GID, _ = strconv.Atoi(u.Gid)
		}
		l.Mode = 0o700
	}
	if l.DirMode &= 0o770; l.DirMode == 0 {
		l.DirMode = 0o700
	}
	if l.FileMode &= 0o660; l.FileMode == 0 {
		l.FileMode = 0o640
	}
}
