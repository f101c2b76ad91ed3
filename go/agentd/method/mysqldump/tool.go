package mysqldump

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
)

// tool is a dump program and what it can do.
type tool struct {
	path    string
	version string // the first line of --version
	help    string
}

// findTool looks for the dump program of that flavour in PATH. The name says nothing: mysqldump is MariaDB's on many hosts.
func findTool(ctx context.Context, flavour host.Flavour) (*tool, error) {
	names := []string{"mysqldump"}
	if flavour == host.FlavourMariaDB {
		names = []string{"mariadb-dump", "mysqldump"}
	}
	var found []string
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		version, err := output(ctx, path, "--version")
		if err != nil {
			found = append(found, err.Error())
			continue
		}
		version, _, _ = strings.Cut(version, "\n")
		if strings.Contains(version, "MariaDB") != (flavour == host.FlavourMariaDB) {
			found = append(found, version)
			continue
		}
		help, err := output(ctx, path, "--no-defaults", "--help")
		if err != nil {
			found = append(found, err.Error())
			continue
		}
		return &tool{path: path, version: strings.TrimSpace(version), help: help}, nil
	}
	hint := fmt.Sprintf("install the client programs of %s on this host and see that they are in the agent's PATH", flavour)
	what := "none of " + strings.Join(names, ", ")
	if len(found) > 0 {
		what = "only: " + strings.Join(found, "; ")
	}
	return nil, failed(CodeTool, hint, nil, "no dump program of %s found in PATH, %s", flavour, what)
}

func output(ctx context.Context, path string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, path, args...).Output()
	if err != nil {
		return "", fmt.Errorf("run %s %s: %w", path, strings.Join(args, " "), err)
	}
	return string(out), nil
}

// has says whether the program's help names the option (without dashes).
func (t *tool) has(option string) bool {
	for _, end := range []string{" ", "=", "\n", "["} {
		if strings.Contains(t.help, "--"+option+end) {
			return true
		}
	}
	return false
}

// arguments makes the argument list. defaults is the path of the option file.
func (t *tool) arguments(defaults string, s *source, extra []string) []string {
	args := []string{"--defaults-file=" + defaults, "--default-character-set=utf8mb4"}
	if len(s.nonTransactional) > 0 {
		args = append(args, "--lock-all-tables")
	} else {
		args = append(args, "--single-transaction")
	}
	if t.has("source-data") {
		args = append(args, "--source-data=2")
	} else {
		args = append(args, "--master-data=2")
	}
	// Locks and keys are the loader's business; statements of 1 MiB are what it loads fastest (docs/methods/mysqldump.md).
	args = append(args, "--quick", "--comments", "--hex-blob", "--tz-utc", "--skip-add-locks", "--skip-disable-keys",
		"--extended-insert", "--net-buffer-length=1046528", "--max-allowed-packet=1073741824")
	switch {
	case t.has("set-gtid-purged") && s.gtidMode && strings.Contains(t.help, "COMMENTED"):
		args = append(args, "--set-gtid-purged=COMMENTED")
	case t.has("set-gtid-purged"):
		args = append(args, "--set-gtid-purged=AUTO")
	case t.has("gtid"):
		args = append(args, "--gtid")
	}
	for _, option := range []string{"column-statistics=0", "no-autocommit=0", "no-tablespaces", "get-server-public-key"} {
		if name, _, _ := strings.Cut(option, "="); t.has(name) {
			args = append(args, "--"+option)
		}
	}
	if s.history && t.has("dump-history") {
		args = append(args, "--dump-history")
	}
	args = append(args, extra...)
	if len(s.schemas) == 0 { // an empty dump, for its position
		return append(args, "--no-data", "--no-create-info", "--skip-triggers", "mysql", "time_zone_name")
	}
	args = append(args, "--routines", "--events", "--triggers", "--databases", "--")
	return append(args, s.schemas...)
}
