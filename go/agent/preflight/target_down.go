package preflight

import (
	"cmp"
	"errors"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
)

// fromFiles says whether the method needs no running MySQL on the target: it replaces the data directory.
func fromFiles(f *facts) bool { return f.method == agentapi.Xtrabackup || f.method == agentapi.LVM }

// targetDown says whether the target's own agent, asked just now, says that its MySQL does not run, and the service gets no
// connection to it either. A server that answers anybody in any way is not down, and an agent of others does not say it
// surely enough.
func targetDown(f *facts) bool {
	t := f.target
	var op *agent.OpError
	return t.mysql == nil && errors.As(t.mysqlErr, &op) && op.Code == inst.CodeUnreachable &&
		t.data != nil && t.data.AgentVersion != "" && !t.data.MySQLRunning
}

// rebuilt says whether the method may build the target anew although its MySQL is down.
func rebuilt(f *facts) bool { return fromFiles(f) && targetDown(f) }

// server is what is known of a host's MySQL: what it says itself, or else what the agent of a target that is to be rebuilt
// noted; nil when nothing is known.
func server(f *facts, h *hostFacts) *inst.Instance {
	if h.mysql != nil || h != f.target || !rebuilt(f) || h.data.MySQLNoted == nil {
		return h.mysql
	}
	note := h.data.MySQLNoted
	version, err := inst.ParseVersion(note.Version)
	if err != nil {
		return nil
	}
	lower := -1
	if note.LowerCaseTableNames != nil {
		lower = *note.LowerCaseTableNames
	}
	return &inst.Instance{Version: version, ServerID: note.ServerID, PageSize: note.PageSize, LowerCaseTableNames: lower}
}

// bothServers are what is known of both hosts' MySQL, or the verdict where that is not enough.
func bothServers(f *facts) (target, source *inst.Instance, v verdict, missing bool) {
	if v, missing := noMySQL(f.source); missing {
		return nil, nil, v, true
	}
	if target = server(f, f.target); target != nil {
		return target, f.source.mysql, v, false
	}
	v, missing = noTarget(f, "compare by hand what the servers are configured to")
	return nil, nil, v, missing
}

// noTarget is the verdict when the target's MySQL says nothing: a warning when it is down and is to be built anew.
func noTarget(f *facts, hint string) (verdict, bool) {
	if rebuilt(f) {
		return warn(hint, "not known: MySQL on %s does not run, says its agent", f.target.name), true
	}
	return noMySQL(f.target)
}

// downVerdict is what mysql-answers says of a target whose MySQL is down.
func downVerdict(f *facts) verdict {
	if !fromFiles(f) {
		return fail("start MySQL there; Xtrabackup and LVM can build a host anew whose MySQL does not run",
			"MySQL on %s does not run, says its agent", f.target.name)
	}
	version := "nothing is known of it"
	if n := f.target.data.MySQLNoted; n != nil {
		version = "it is " + cmp.Or(n.Version, "of a version that is not known")
	}
	return warn("see that this is the host that is to be built anew: whether it is a replica, what replicates from it and what data it holds can't be seen",
		"MySQL on %s does not run, says its agent; %s", f.target.name, version)
}
