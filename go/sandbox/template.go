package sandbox

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// templateFormat is part of a template's name: a change of how templates are made gives it a new one.
const templateFormat = 1

// template returns the directory of an initialised, cleanly stopped data directory of this kind, making it if it is not
// there. Any number of processes may ask at once; one makes it.
func template(ctx context.Context, kind Kind, p program) (string, error) {
	info, err := os.Stat(p.binary)
	if err != nil {
		return "", fmt.Errorf("%w (%v)", ErrNotInstalled, err)
	}
	hash := fnv.New32a()
	fmt.Fprintln(hash, templateFormat, p.binary, info.Size(), info.ModTime().UnixNano(), os.Geteuid())
	dir := filepath.Join(CacheDir(), "templates", fmt.Sprintf("%s-%08x", kind, hash.Sum32()))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	lock, err := lockFile(dir+".lock", unix.LOCK_EX)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return dir, err
	}
	return dir, makeTemplate(ctx, kind, p, dir)
}

func makeTemplate(ctx context.Context, kind Kind, p program, dir string) error {
	making := dir + ".making"
	if err := os.RemoveAll(making); err != nil {
		return err
	}
	if err := os.MkdirAll(making, 0o700); err != nil {
		return err
	}
	cmd, err := initCommand(ctx, kind, p, making)
	if err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initialise a data directory of %s: %w\n%s", kind, err, tail(string(out), 30))
	}
	if err := os.Remove(filepath.Join(making, "auto.cnf")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // it holds the server's UUID, which no two servers may share
	}
	return os.Rename(making, dir)
}

func initCommand(ctx context.Context, kind Kind, p program, datadir string) (*exec.Cmd, error) {
	options := []string{"--no-defaults", "--datadir=" + datadir}
	for _, line := range p.config {
		options = append(options, "--"+line)
	}
	if os.Geteuid() == 0 {
		options = append(options, "--user=root")
	}
	argv := append([]string(nil), p.argv...)
	var stdin *strings.Reader
	switch kind {
	case MariaDB:
		argv = append([]string{"mariadb-install-db"}, options...)
		argv = append(argv, "--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-log-file-size=64M")
	case MySQL97:
		argv = append(append(argv, options...), "--initialize-insecure", "--innodb-redo-log-capacity=128M")
	case MySQL56:
		script, err := bootstrapScript(filepath.Join(mysql56Dir(), "share"))
		if err != nil {
			return nil, err
		}
		stdin = strings.NewReader(script)
		argv = append(append(argv, options...), "--bootstrap", "--innodb-use-native-aio=OFF", "--innodb-log-file-size=48M",
			"--explicit-defaults-for-timestamp", "--log-warnings=0")
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), p.env...)
	if stdin != nil {
		cmd.Stdin = stdin
	}
	return cmd, nil
}

// bootstrapScript is what mysql_install_db of 5.6 feeds to a server in bootstrap mode, without the help tables.
func bootstrapScript(share string) (string, error) {
	var script strings.Builder
	script.WriteString("CREATE DATABASE mysql;\nUSE mysql;\n")
	for _, name := range []string{"mysql_system_tables.sql", "mysql_system_tables_data.sql"} {
		text, err := os.ReadFile(filepath.Join(share, name))
		if err != nil {
			return "", err
		}
		script.Write(text)
		script.WriteByte('\n')
	}
	return script.String(), nil
}

// copyTree copies a directory's content into a new directory, sharing blocks where the file system can.
func copyTree(ctx context.Context, from, to string) error {
	cmd := exec.CommandContext(ctx, "cp", "-R", "--reflink=auto", "--", from, to)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("copy %s to %s: %w: %s", from, to, err, out)
	}
	return os.Chmod(to, 0o700)
}

// tail is the last n lines of a text.
func tail(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
