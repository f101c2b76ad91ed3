package preflight

var agentsAnswer = check{
	name:   "agents-answer",
	about:  "Both agents give their facts now; fails if one does not.",
	needed: "a proper answer from both agents",
	run: func(f *facts) verdict {
		for _, h := range []*hostFacts{f.target, f.source} {
			if h.data == nil {
				return fail(hintOf(h.dataErr, "see that orchestrator-agent runs on "+h.name+" and that this service can reach its port"),
					"the agent on %s gave no facts: %s", h.name, reason(h.dataErr))
			}
		}
		return pass("both agents answer: %s on %s, %s on %s", kind(f.target), f.target.name, kind(f.source), f.source.name)
	},
}

// kind says whose agent it is.
func kind(h *hostFacts) string {
	if h.data.AgentVersion == "" {
		return "an agent of the v2 line"
	}
	return "version " + h.data.AgentVersion
}
