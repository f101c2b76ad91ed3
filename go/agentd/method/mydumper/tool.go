package mydumper

import (
	"context"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
)

const (
	dumpProgram = "mydumper"
	loadProgram = "myloader"
)

var versionText = regexp.MustCompile(`^my(?:dumper|loader) v?(\d+)\.(\d+)[.\d-]*`)

// tool is one of the two programs, and what it can do.
type tool struct {
	path    string
	version string // the first line of --version
	modern  bool   // 0.15 or later; else 0.10
	help    string // of a modern one
}

// find looks for a program in PATH, of a version whose files and options are known here: 0.10, or 0.15 and later.
func find(ctx context.Context, name string) (*tool, error) {
	hint := "install mydumper 0.10, or 0.15 or later, on this host and see that it is in the agent's PATH"
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, failed(mysqldump.CodeTool, hint, err, "find %s", name)
	}
	version, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return nil, failed(mysqldump.CodeTool, hint, err, "run %s --version", path)
	}
	t := &tool{path: path}
	t.version, _, _ = strings.Cut(string(version), "\n")
	known := false
	if t.modern, known = parseVersion(t.version); !known {
		return nil, failed(mysqldump.CodeTool, hint, nil, "%s is %q: Mydumper knows 0.10, and 0.15 and later", path, t.version)
	}
	if !t.modern {
		return t, nil
	}
	help, err := exec.CommandContext(ctx, path, "--help").Output()
	if err != nil {
		return nil, failed(mysqldump.CodeTool, hint, err, "run %s --help", path)
	}
	t.help = string(help)
	return t, nil
}

// findBoth finds both programs, which must be of one generation: the later one's files are not what the earlier one reads.
func findBoth(ctx context.Context) (dump, load *tool, err error) {
	if dump, err = find(ctx, dumpProgram); err != nil {
		return nil, nil, err
	}
	if load, err = find(ctx, loadProgram); err != nil {
		return nil, nil, err
	}
	if dump.modern != load.modern {
		return nil, nil, failed(mysqldump.CodeTool, "install mydumper and myloader of one version", nil, "%s is %q, and %s is %q", dump.path, dump.version, load.path, load.version)
	}
	return dump, load, nil
}

func parseVersion(line string) (modern, known bool) {
	m := versionText.FindStringSubmatch(line)
	if m == nil {
		return false, false
	}
	major, err := strconv.Atoi(m[1])
	if err != nil {
		return false, false
	}
	minor, err := strconv.Atoi(m[2])
	if err != nil {
		return false, false
	}
	modern = major > 0 || minor >= 15
	return modern, modern || minor == 10
}

// has says whether the program's help names the option (without dashes).
func (t *tool) has(option string) bool {
	for _, end := range []string{" ", "=", "\n", ","} {
		if strings.Contains(t.help, "--"+option+end) {
			return true
		}
	}
	return false
}

// noLocks are the options that keep mydumper from locking, because the agent does.
func (t *tool) noLocks() ([]string, error) {
	switch {
	case t.has("sync-thread-lock-mode"):
		return []string{"--sync-thread-lock-mode=NO_LOCK"}, nil
	case !t.modern, t.has("no-locks"):
		return []string{"--no-locks"}, nil
	}
	return nil, failed(mysqldump.CodeTool, "use another version, or another method", nil, "%s (%s) has no option that keeps it from locking", t.path, t.version)
}

// compress are the options that make it compress its files.
func (t *tool) compress() []string {
	if !t.modern {
		return []string{"--compress"}
	}
	if _, err := exec.LookPath("zstd"); err == nil && strings.Contains(t.help, "ZSTD") {
		return []string{"--compress=ZSTD"}
	}
	return []string{"--compress=GZIP"}
}

// dataFile knows the files of rows, plain and compressed.
func dataFile(name string) bool {
	for _, end := range []string{".sql", ".sql.gz", ".sql.zst"} {
		if strings.HasSuffix(name, end) {
			return !strings.Contains(name, "-schema")
		}
	}
	return false
}

// threads is the number of connections that a program will use: the user's, if given.
func threads(own int, extra []string) int {
	for _, o := range extra {
		if text, found := strings.CutPrefix(o, "--threads="); found {
			if n, err := strconv.Atoi(text); err == nil && n > 0 {
				own = n
			}
		}
	}
	return own
}
