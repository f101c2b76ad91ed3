package xtrabackup

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
)

// version is a backup tool's own number, and that of the server whose storage engine is built into it.
type version struct {
	text         string // its name and number
	maria        bool
	major, minor int // of the tool: 2.4, 8.0, 8.4, 9.1; of MariaDB: the server's
	base         host.Server
}

var (
	mariaVersion   = regexp.MustCompile(`(?i)maria(?:db-)?backup\S* based on MariaDB server (\d+\.\d+\.\d+[-\w]*)`)
	perconaVersion = regexp.MustCompile(`xtrabackup(?:\.exe)? version (\d+)\.(\d+)(\S*) .*based on (?:MySQL|Percona) server (\d+\.\d+\.\d+\S*)`)
)

// parseVersion finds the version in what a tool prints for --version; both standard output and error may hold it, beside
// other lines.
func parseVersion(out string) (version, error) {
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if p := mariaVersion.FindStringSubmatch(line); p != nil {
			base, err := host.ParseServer(p[1])
			if err != nil {
				return version{}, err
			}
			base.Flavour = host.FlavourMariaDB
			return version{text: "mariabackup " + p[1], maria: true, major: base.Major, minor: base.Minor, base: base}, nil
		}
		if p := perconaVersion.FindStringSubmatch(line); p != nil {
			base, err := host.ParseServer(p[4])
			if err != nil {
				return version{}, err
			}
			v := version{text: "xtrabackup " + p[1] + "." + p[2] + p[3], base: base}
			v.major, _ = strconv.Atoi(p[1])
			v.minor, _ = strconv.Atoi(p[2])
			return v, nil
		}
	}
	return version{}, fmt.Errorf("no version in %.200q", out)
}

// fits says whether the tool can copy that server; the error says what would.
func (v version) fits(s host.Server) error {
	need := neededTool(s)
	switch {
	case v.maria != (s.Flavour == host.FlavourMariaDB):
	case v.maria && v.major == s.Major && v.minor == s.Minor:
		return nil
	case v.maria:
	case s.Major == 5:
		if v.major == 2 && v.minor == 4 && (s.Minor == 6 || s.Minor == 7) {
			return nil
		}
	case v.major != s.Major || v.minor != s.Minor:
	case v.major == 8 && v.minor == 0 && v.base.Patch < lastOf80 && v.base.Patch < s.Patch:
		need = fmt.Sprintf("xtrabackup 8.0.%d or newer", min(s.Patch, lastOf80))
	default:
		return nil
	}
	return fmt.Errorf("%s does not fit the server %s %s, which needs %s", v.text, s.Flavour, s.Version, need)
}

// lastOf80: from 8.0.34 on, the tool takes every later server 8.0, whose files no longer change.
const lastOf80 = 34

func neededTool(s host.Server) string {
	switch {
	case s.Flavour == host.FlavourMariaDB:
		return fmt.Sprintf("mariabackup %d.%d", s.Major, s.Minor)
	case s.Major == 5 && (s.Minor == 6 || s.Minor == 7):
		return "xtrabackup 2.4"
	default:
		return fmt.Sprintf("xtrabackup %d.%d", s.Major, s.Minor)
	}
}

// tool is a backup tool with the program that unpacks its stream.
type tool struct {
	version
	path   string
	stream string // path of the program that unpacks
	help   string // of the backup tool
	shelp  string // of the unpacking one
}

func (t *tool) name() string { return filepath.Base(t.path) }

// has says whether the tool's help names the option (without dashes).
func (t *tool) has(option string) bool { return names(t.help, option) }

// streamHas is has of the program that unpacks.
func (t *tool) streamHas(option string) bool { return names(t.shelp, option) }

func names(help, option string) bool {
	for rest := help; ; {
		_, after, found := strings.Cut(rest, "--"+option)
		if !found {
			return false
		}
		if after == "" || strings.ContainsRune(" =\n\t[,]", rune(after[0])) {
			return true
		}
		rest = after
	}
}

// toolNames are the programs of a flavour, the newest name first.
func toolNames(f host.Flavour) (backup, stream []string) {
	if f == host.FlavourMariaDB {
		return []string{"mariadb-backup", "mariabackup"}, []string{"mbstream"}
	}
	return []string{"xtrabackup"}, []string{"xbstream"}
}

// findTool looks in PATH for the tools that fit the server.
func findTool(ctx context.Context, s host.Server) (*tool, error) {
	backups, streams := toolNames(s.Flavour)
	hint := fmt.Sprintf("install %s on this host and see that it is in the agent's PATH", neededTool(s))
	var found []string
	for _, name := range backups {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		v, err := versionOf(ctx, path)
		if err == nil {
			err = v.fits(s)
		}
		if err != nil {
			found = append(found, err.Error())
			continue
		}
		t := &tool{version: v, path: path}
		for _, name := range streams {
			if t.stream, err = exec.LookPath(name); err == nil {
				break
			}
		}
		if t.stream == "" {
			return nil, permanently(failed(CodeTool, hint, nil, "%s is there, but not %s", v.text, strings.Join(streams, " or ")))
		}
		t.help, t.shelp = printed(ctx, t.path, "--help"), printed(ctx, t.stream, "--help")
		return t, nil
	}
	what := "no " + strings.Join(backups, " or ") + " in PATH"
	if len(found) > 0 {
		what = strings.Join(found, "; ")
	}
	return nil, permanently(failed(CodeTool, hint, nil, "no backup tool for %s %s: %s", s.Flavour, s.Version, what))
}

func versionOf(ctx context.Context, path string) (version, error) {
	v, err := parseVersion(printed(ctx, path, "--version"))
	if err != nil {
		return v, fmt.Errorf("%s --version: %w", path, err)
	}
	return v, nil
}

// printed is what a program prints to standard output and error; it may end with any status, and has 10 s.
func printed(ctx context.Context, path string, args ...string) string {
	const limit = 10 * time.Second
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var out bytes.Buffer
	c := exec.CommandContext(ctx, path, args...)
	c.Stdout, c.Stderr, c.WaitDelay = &out, &out, time.Second
	if err := c.Run(); err != nil && out.Len() == 0 {
		return err.Error()
	}
	return out.String()
}
