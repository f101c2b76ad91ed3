package preflight

import (
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
)

var versionNotOlder = check{
	name: "version-not-older",
	about: "The target's release series (such as 10.11 or 8.4) is not older than the source's; fails if it is. " +
		"Files of another series make a physical method warn; ClonePlugin fails for versions between which CLONE does not copy.",
	needed: "a server on the target that is not of an older series than the source's",
	run: func(f *facts) verdict {
		t, s, v, missing := bothServers(f)
		if missing {
			return v
		}
		target, source := t.Version, s.Version
		order := compareSeries(target, source)
		switch {
		case order < 0:
			return fail("upgrade the server on the target", "%s on the target, %s on the source", target.Text, source.Text)
		case f.method == agentapi.ClonePlugin && !clonable(target, source):
			return fail("install the source's version on the target, or use another method", "%s on the target, %s on the source", target.Text, source.Text).
				need("one release series on both, and below 8.0.37 the very same version: CLONE copies between no others")
		case order > 0 && physical(f):
			return warn("the server upgrades the files at its first start; on MariaDB run mariadb-upgrade afterwards",
				"%s on the target would start on files of %s", target.Text, source.Text)
		}
		return pass("%s on the target, %s on the source", target.Text, source.Text)
	},
}

// compareSeries is negative when a's series is older than b's.
func compareSeries(a, b inst.Version) int {
	if a.Major != b.Major {
		return a.Major - b.Major
	}
	return a.Minor - b.Minor
}

// clonable says whether CLONE copies between these versions: within a series from 8.0.37 on, else between equal ones only.
func clonable(target, source inst.Version) bool {
	if compareSeries(target, source) != 0 {
		return false
	}
	old := source.Flavour == inst.MySQL && source.Major == 8 && source.Minor == 0 && min(target.Patch, source.Patch) < 37
	return !old || target.Patch == source.Patch
}
