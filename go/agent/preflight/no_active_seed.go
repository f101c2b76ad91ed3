package preflight

import "github.com/orchestrator-seed/orchestrator-seed/go/agent"

var noActiveSeed = check{
	name: "no-active-seed",
	about: "Neither host is in the way of another active seed: the target is in none, the source is not being seeded and is read by fewer " +
		"than MaxActiveSeedsPerSource, and MaxActiveSeeds is not reached; fails otherwise.",
	needed: "hosts that no other active seed uses",
	run: func(f *facts) verdict {
		active, reading := 0, 0
		const hint = "wait for it to end, or abort it with agent-abort-seed"
		for _, s := range f.seeds {
			if !s.Active() {
				continue
			}
			active++
			switch {
			case s.TargetHost == f.target.name || s.SourceHost == f.target.name:
				return fail(hint, "%s is in active seed %d (%s from %s, %s)", f.target.name, s.ID, s.TargetHost, s.SourceHost, s.Stage)
			case s.TargetHost == f.source.name:
				return fail(hint, "%s is itself being seeded by seed %d", f.source.name, s.ID)
			case s.SourceHost == f.source.name:
				reading++
			}
		}
		if most := f.policy.MaxActiveSeedsPerSource; reading >= max(most, 1) {
			return fail(hint+"; MaxActiveSeedsPerSource allows more at once", "%s from %s", count(reading, "active seed reads", "active seeds read"), f.source.name).
				need("fewer than %s from one source", count(max(most, 1), "active seed", "active seeds"))
		}
		if most := f.policy.MaxActiveSeeds; most > 0 && active >= most {
			return fail("wait for one to end; MaxActiveSeeds allows more at once", "%s", count(active, "active seed", "active seeds")).
				need("fewer than %s", count(most, "active seed", "active seeds"))
		}
		return pass("no other active seed is in the way")
	},
}

// concerns says whether the seed has a part on that host.
func concerns(s *agent.Seed, host string) bool { return s.TargetHost == host || s.SourceHost == host }
