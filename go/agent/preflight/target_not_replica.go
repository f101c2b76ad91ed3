package preflight

import (
	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

var targetNotReplica = check{
	name:   "target-not-replica",
	about:  "The target is not a replica already; fails if it is, so that no working replica is erased by mistake. What a held seed that failed in ConnectSlave left does not count: its release ends it.",
	needed: "a target that replicates from nobody",
	run: func(f *facts) verdict {
		if v, missing := noTarget(f, "see that this host is to be built anew"); missing {
			return v
		}
		if r := f.target.mysql.Replica; r != nil {
			if s := leftBy(f, r.SourceHost); s != nil {
				return pass("%s replicates from %s only because of seed %d, which failed in ConnectSlave and will be released first", f.target.name, r.SourceHost, s.ID)
			}
			return fail("if it is to be built anew, run STOP REPLICA and RESET REPLICA ALL (STOP SLAVE and RESET SLAVE ALL on older servers) there first",
				"%s is a replica of %s", f.target.name, r.SourceHost)
		}
		return pass("%s is not a replica", f.target.name)
	},
}

// leftBy is the held or releasing seed that made the target a replica of that source, and failed to prove it; nil for none.
func leftBy(f *facts, source string) *agent.Seed {
	for _, s := range f.seeds {
		if s.Releasing() && s.Stage == agentapi.ConnectSlave && s.TargetHost == f.target.name && s.SourceHost == source {
			return s
		}
	}
	return nil
}
