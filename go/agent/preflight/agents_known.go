package preflight

import "strings"

var agentsKnown = check{
	name:   "agents-known",
	about:  "An agent has registered on both hosts; fails if one has not.",
	needed: "an agent that has registered on the target and one on the source",
	run: func(f *facts) verdict {
		var unknown []string
		for _, h := range []*hostFacts{f.target, f.source} {
			if h.host == nil {
				unknown = append(unknown, h.name)
			}
		}
		if len(unknown) > 0 {
			return fail("start orchestrator-agent there with this service's url in its configuration, and use the name under which `agents` lists it",
				"no agent has registered on %s", strings.Join(unknown, " and "))
		}
		return pass("agents have registered on %s and %s", f.target.name, f.source.name)
	},
}
