package preflight

import (
	"fmt"
	"strings"
)

var heldSeed = check{
	name:   "held-seed",
	about:  "Warns when a failed seed that is still held has a part on one of the hosts: starting this one releases it first.",
	needed: "hosts on which no failed seed is held",
	run: func(f *facts) verdict {
		var held []string
		for _, s := range f.seeds {
			if s.Releasing() && (concerns(s, f.target.name) || concerns(s, f.source.name)) {
				held = append(held, fmt.Sprintf("seed %d (%s from %s, failed in %s)", s.ID, s.TargetHost, s.SourceHost, s.Stage))
			}
		}
		if len(held) > 0 {
			return warn("to go on with it instead, use agent-retry-seed; after the release that is not possible any more",
				"%s will be released first", strings.Join(held, ", "))
		}
		return pass("no failed seed is held on these hosts")
	},
}
