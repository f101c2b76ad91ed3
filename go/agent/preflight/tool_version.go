package preflight

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
)

var toolVersion = check{
	name: "tool-version",
	about: "The backup program on both hosts fits the server there (mariabackup: the server's series; xtrabackup: 2.4 up to MySQL 5.7, " +
		"else the server's series); fails if it does not, warns if an agent does not say its version.",
	needed:  "a backup program made for the server's release series",
	only:    "Xtrabackup",
	applies: func(f *facts) bool { return f.method == agentapi.Xtrabackup },
	run: func(f *facts) verdict {
		if v, missing := noData(f.target, f.source); missing {
			return v
		}
		t, s, v, missing := bothServers(f)
		if missing {
			return v
		}
		var found string
		for _, h := range []*hostFacts{f.target, f.source} {
			of := s.Version
			if h == f.target {
				of = t.Version
			}
			program, line := backupProgram(h, of)
			if line == "" {
				return warn("compare the versions by hand, or install this project's orchestrator-agent there",
					"not known: the agent on %s does not say which version of the backup program it has", h.name)
			}
			major, minor, ok := toolSeries(line)
			if !ok {
				return warn("compare the versions by hand", "not known: %s on %s says %q of itself", program, h.name, line)
			}
			wantMajor, wantMinor := wantedSeries(of)
			if major != wantMajor || minor != wantMinor {
				return fail(fmt.Sprintf("install %s %d.%d on %s", program, wantMajor, wantMinor, h.name),
					"%s on %s is of series %d.%d, the server is %s", program, h.name, major, minor, of.Text)
			}
			found = fmt.Sprintf("%s %d.%d for %s", program, major, minor, of.Text)
		}
		return pass("%s", found)
	},
}

// backupProgram is the program that the method uses on that host, and what it says for --version; "" if that is not known.
func backupProgram(h *hostFacts, of inst.Version) (program, line string) {
	names := []string{"xtrabackup"}
	if of.Flavour == inst.MariaDB {
		names = []string{"mariabackup", "mariadb-backup"}
	}
	for _, name := range names {
		if line := h.data.ToolVersions[name]; line != "" {
			return name, line
		}
	}
	return names[0], ""
}

// wantedSeries is the series of the backup program that fits the server.
func wantedSeries(v inst.Version) (major, minor int) {
	if v.Flavour == inst.MySQL && v.Major == 5 {
		return 2, 4
	}
	return v.Major, v.Minor
}

var versionNumber = regexp.MustCompile(`(?:^|[^\d.])(\d{1,4})\.(\d{1,4})(?:\D|$)`)

// toolSeries reads the first version number in what a program prints for --version.
func toolSeries(line string) (major, minor int, ok bool) {
	m := versionNumber.FindStringSubmatch(line)
	if m == nil {
		return 0, 0, false
	}
	major, err := strconv.Atoi(m[1])
	if err != nil {
		return 0, 0, false
	}
	minor, err = strconv.Atoi(m[2])
	return major, minor, err == nil
}
