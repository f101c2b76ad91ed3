package preflight

import "github.com/orchestrator-seed/orchestrator-seed/go/agentapi"

var serviceControl = check{
	name: "service-control",
	about: "The target's agent can stop and start MySQL, which has to be down while its data directory is exchanged; fails if the agent says " +
		"that it can't, warns if it says nothing of it.",
	needed:  "commands on the target that stop and start MySQL",
	only:    "Xtrabackup, LVM, ClonePlugin",
	applies: physical,
	run: func(f *facts) verdict {
		if v, missing := noData(f.target); missing {
			return v
		}
		switch d := f.target.data; {
		case d.ServiceControl:
			return pass("the agent on %s can stop and start MySQL", f.target.name)
		case d.Has(agentapi.AbilityStream):
			return fail("set service-start-command, service-stop-command and service-status-command in the agent's configuration on "+f.target.name,
				"the agent on %s has no commands that stop and start MySQL", f.target.name)
		}
		return warn("try agent-mysql-stop and agent-mysql-start there beforehand", "the agent on %s does not say whether it can", f.target.name)
	},
}
