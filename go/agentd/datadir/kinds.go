package datadir

import (
	"path/filepath"
	"regexp"
	"slices"
)

// kinds are the files at the top of a flat data directory that a variable may put elsewhere.
var kinds = []struct {
	variable string
	patterns []string
}{
	{"innodb_log_group_home_dir", []string{`ib_logfile[0-9]+`, `#innodb_redo`}},
	{"innodb_undo_directory", []string{`undo_?[0-9]{3}`, `undo_[0-9]+_trunc\.log`, `.*\.ibu`}},
	{"innodb_doublewrite_dir", []string{`#ib_[0-9]+_[0-9]+\.b?dblwr`}},
	{"aria_log_dir_path", []string{`aria_log_control`, `aria_log\.[0-9]{8}`}},
}

// own are files of the server itself, not of its data: the target keeps its own, the source's don't come along. auto.cnf is
// its identity (two servers of one UUID can't replicate from each other); mysqld-auto.cnf holds what was set with SET
// PERSIST, which is configuration: server_id and ports of the source would take the target off the network; the keys and
// certificates were made for its names; the Debian package marks with debian-*.flag what it has done on this host.
var own = []string{`auto\.cnf`, `mysqld-auto\.cnf(\.backup)?`, `.*\.pem`, `debian-[0-9.]+\.flag`}

// notCarried are what of the source's would be wrong on the target: what it replicated from and how far, its temporary
// tablespaces, process files, sockets. Binary and relay logs go by the names in its variables and by those that are usual.
var notCarried = append([]string{
	`master\.info`, `master-.*\.info`, `multi-master\.info`, `relay-log\.info`, `relay-log-.*\.info`,
	`ibtmp[0-9]+`, `#innodb_temp`, `.*\.pid`, `.*\.sock`, `.*\.sock\.lock`, `gvwstate\.dat`, `grastate\.dat`, `galera\.cache`,
}, own...)

// logPatterns are the names of a binary or relay log's files.
func logPatterns(base string) []string {
	b := regexp.QuoteMeta(base)
	return []string{b + `\.[0-9]{6,}`, b + `\.index`, b + `\.state`, b + `\.index_crash_safe`, b + `\.~rec~`, b + `-[^.]+\.([0-9]{6,}|index)`}
}

// usualLogs are the names that logs have when nobody chose others.
var usualLogs = []string{`.*-bin\.[0-9]{6,}`, `.*-bin\.(index|state)`, `(bin|binlog|mysql-bin|relay|relaylog)\.[0-9]{6,}`, `(bin|binlog|mysql-bin|relay|relaylog)\.(index|state)`}

// notCarriedHere is notCarried and the logs.
func (l *Layout) notCarriedHere() []string {
	all := append(slices.Clone(notCarried), usualLogs...)
	for _, name := range basenames {
		if v := l.Vars[name]; v != "" {
			all = append(all, namesOf(name, v)...)
		}
	}
	return all
}

// namesOf are the patterns of one of basenames.
func namesOf(variable, value string) []string {
	base := filepath.Base(value)
	if variable == "log_bin_index" || variable == "relay_log_index" {
		return []string{regexp.QuoteMeta(base), regexp.QuoteMeta(base) + `_crash_safe`}
	}
	return logPatterns(base)
}

// partAreas are the separate directories as areas, each directory once.
func (l *Layout) partAreas() []area {
	var areas []area
	add := func(dir string, patterns, names []string) {
		if within(l.Real, dir) && !slices.Contains(l.mountedParts, dir) {
			return
		}
		i := slices.IndexFunc(areas, func(a area) bool { return a.Dir == dir })
		if i < 0 {
			i = len(areas)
			areas = append(areas, area{Dir: dir})
		}
		areas[i].Patterns = append(areas[i].Patterns, patterns...)
		areas[i].Names = append(areas[i].Names, names...)
	}
	for _, k := range kinds {
		add(l.dir(k.variable), k.patterns, nil)
	}
	for _, path := range l.systemFiles() {
		add(filepath.Dir(path), nil, []string{filepath.Base(path)})
	}
	for _, name := range basenames {
		if v := l.Vars[name]; v != "" {
			add(filepath.Dir(l.path(v)), namesOf(name, v), nil)
		}
	}
	return areas
}

func fits(name string, patterns []string) bool {
	for _, p := range patterns {
		if fit, err := regexp.MatchString("^(?:"+p+")$", name); err == nil && fit {
			return true
		}
	}
	return false
}
