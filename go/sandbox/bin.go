package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

var (
	treeClients = []string{"mysql", "mysqldump", "mysqladmin", "mysqlbinlog", "mysqlcheck", "mysqlimport", "mysqlshow", "mysqlslap"}
	// The names that agents look for, and what does it on MariaDB.
	mariadbClients = map[string]string{
		"mysql": "mariadb", "mysqldump": "mariadb-dump", "mysqladmin": "mariadb-admin", "mysqlbinlog": "mariadb-binlog",
		"mysqlcheck": "mariadb-check", "mysqlimport": "mariadb-import", "mysqlshow": "mariadb-show",
		"mariadb": "mariadb", "mariadb-dump": "mariadb-dump", "mariadb-admin": "mariadb-admin",
		"mariadb-binlog": "mariadb-binlog", "mariadb-check": "mariadb-check", "mariadb-import": "mariadb-import",
		"mariadb-backup": "mariadb-backup", "mariabackup": "mariabackup", "mbstream": "mbstream",
		"mydumper": "mydumper", "myloader": "myloader",
	}
)

// Bin is a directory with the client programs that fit servers of this kind (mysql, mysqldump, mysqladmin, ...), to be put
// first in the PATH of an agent. MySQL56's are MariaDB's: its package has none of its own. Of MariaDB's, programs that are
// not installed are left out. The directory is in the cache directory and stays.
func Bin(kind Kind) (string, error) {
	dir := filepath.Join(CacheDir(), "bin", string(kind))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	scripts := map[string]string{}
	if kind == MySQL97 {
		tree := mysql97Tree()
		if err := present(tree.path("bin", "mysqldump")); err != nil {
			return "", err
		}
		for _, name := range treeClients {
			scripts[name] = treeScript(tree, name)
		}
	} else {
		for name, program := range mariadbClients {
			if path, err := installed(program); err == nil {
				scripts[name] = "exec " + shellQuote(path) + ` "$@"`
			}
		}
		if scripts["mysqldump"] == "" {
			return "", fmt.Errorf("%w (no mariadb-dump in PATH)", ErrNotInstalled)
		}
	}
	for name, script := range scripts {
		text := "#!/bin/sh\n" + script + "\n"
		path := filepath.Join(dir, name)
		if old, err := os.ReadFile(path); err == nil && string(old) == text {
			continue
		}
		if err := WriteProgram(path, text); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// installed finds a program where packages put it, else in PATH. Where packages put it first: a test's stand-in in PATH must
// not get into scripts that stay.
func installed(program string) (string, error) {
	for _, dir := range []string{"/usr/bin", "/usr/local/bin"} {
		if path, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
			return path, nil
		}
	}
	return exec.LookPath(program)
}

// treeScript runs a client of a tree. The plugin directory goes after options that must come first and are given by the
// caller (--defaults-file and its like).
func treeScript(tree debianTree, name string) string {
	var run []string
	for _, word := range tree.run(tree.path("bin", name)) {
		run = append(run, shellQuote(word))
	}
	command := strings.Join(run, " ")
	extra := "--character-sets-dir=" + shellQuote(tree.path("share", "mysql", "charsets"))
	if name != "mysqlslap" && name != "mysqlbinlog" {
		extra += " --plugin-dir=" + shellQuote(tree.path("lib", "mysql", "plugin"))
	}
	if name == "mysqlslap" {
		extra = ""
	}
	return `case ${1:-} in
--defaults-*|--no-defaults|--print-defaults|--login-path=*) first=$1; shift; exec ` + command + ` "$first" ` + extra + ` "$@" ;;
*) exec ` + command + ` ` + extra + ` "$@" ;;
esac`
}
