package preflight

import (
	"slices"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

var methodOffered = check{
	name:    "method-offered",
	about:   "Both agents offer the method, and read the backup on the same side; fails otherwise.",
	needed:  "a method that both agents offer",
	applies: knownMethod,
	run: func(f *facts) verdict {
		if v, missing := noData(f.target, f.source); missing {
			return v
		}
		for _, h := range []*hostFacts{f.target, f.source} {
			offer, ok := h.data.AvailiableSeedMethods[f.method]
			if !ok {
				return fail("install the method's programs on "+h.name+" and see that it is enabled in the agent's configuration; `orchestrator-agent check` says why it is not offered",
					"%s does not offer %s, but %s", h.name, f.method, offered(h))
			}
			if _, err := agentapi.ParseSide(string(offer.BackupSide)); err != nil {
				return fail("update the agent on "+h.name, "%s offers %s with an %s", h.name, f.method, err)
			}
		}
		target, source := f.target.data.AvailiableSeedMethods[f.method], f.source.data.AvailiableSeedMethods[f.method]
		if target.BackupSide != source.BackupSide {
			return fail("use agents of one version on both hosts", "%s would run the backup on the %s, %s on the %s",
				f.target.name, target.BackupSide, f.source.name, source.BackupSide)
		}
		return pass("both offer %s, the backup is run on the %s", f.method, target.BackupSide)
	},
}

func offered(h *hostFacts) string {
	var names []string
	for m := range h.data.AvailiableSeedMethods {
		names = append(names, string(m))
	}
	if len(names) == 0 {
		return "nothing"
	}
	slices.Sort(names)
	return list(names, 10)
}
