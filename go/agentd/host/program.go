package host

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Program is how a server was started.
type Program struct {
	Path string   // of the executable; "": not known
	Args []string // without the program's name: --defaults-file and whatever else was given
}

// ProgramOf is how the server of a connection was started; it must run on this host.
func ProgramOf(ctx context.Context, db *sql.DB) (Program, error) {
	var pidFile, dataDir string
	if err := db.QueryRowContext(ctx, "SELECT @@GLOBAL.pid_file, @@GLOBAL.datadir").Scan(&pidFile, &dataDir); err != nil {
		return Program{}, fmt.Errorf("ask the server for its process: %w", err)
	}
	if !filepath.IsAbs(pidFile) {
		pidFile = filepath.Join(dataDir, pidFile)
	}
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return Program{}, fmt.Errorf("find the server's process: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return Program{}, fmt.Errorf("find the server's process: %s holds no process id", pidFile)
	}
	p, err := programOf(pid)
	if err != nil {
		return Program{}, fmt.Errorf("find the server's process: %w", err)
	}
	return p, nil
}

func programOf(pid int) (Program, error) {
	dir := fmt.Sprintf("/proc/%d/", pid)
	path, err := os.Readlink(dir + "exe")
	if err != nil {
		return Program{}, err
	}
	line, err := os.ReadFile(dir + "cmdline")
	if err != nil {
		return Program{}, err
	}
	args := strings.Split(string(bytes.TrimRight(line, "\x00")), "\x00")
	return Program{Path: strings.TrimSuffix(path, " (deleted)"), Args: args[1:]}, nil
}
