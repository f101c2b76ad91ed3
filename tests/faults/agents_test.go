package faults

import (
	"fmt"
	"slices"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// number is the fault's for the side.
func number(side agentapi.Side) int {
	if side == agentapi.Source {
		return 5
	}
	return 6
}

func lower(side agentapi.Side) string { return strings.ToLower(string(side)) }

// agentKilled is faults 5 and 6: killed in every stage, and started again.
func agentKilled() []faultCase {
	var list []faultCase
	for _, side := range []agentapi.Side{agentapi.Source, agentapi.Target} {
		for _, stage := range seedStages {
			h := holds()[stage]
			list = append(list, faultCase{fault: number(side), what: "kill -9 of the agent while the stage runs, then started again", stage: string(stage),
				side: lower(side), ci: side == agentapi.Target && stage != agentapi.Cleanup, fleet: h.fleet, dump: h.dump, end: completed, do: func(w *world) {
					open := h.until(w)
					running := w.tools()
					w.must(w.agent(side).Kill())
					w.restart(side)
					if side == agentapi.Target {
						w.checkEnded(running)
					}
					open()
					w.finish(stage)
				}})
		}
		list = append(list, faultCase{fault: number(side), what: "the agent is dead when the stage is to be started, and comes back", stage: "Prepare",
			side: lower(side), fleet: standing, end: completed, do: func(w *world) {
				w.start()
				w.must(w.agent(side).Kill())
				w.stepTo(agentapi.Prepare, agentapi.Error)
				w.restart(side)
				w.stepToEnd()
			}})
	}
	return append(list, faultCase{fault: 6, what: "kill -9 of the agent when the old data is gone and half of the new is there", stage: "Restore", side: "target",
		ci: true, fleet: fillBulk(8 << 20), end: completed, do: func(w *world) {
			unlock := w.heldInLoad()
			w.must(w.f.Target.Kill())
			w.restart(agentapi.Target)
			unlock()
			w.end()
		}})
}

// finish ends a seed that was held in that stage.
func (w *world) finish(stage agentapi.Stage) {
	w.t.Helper()
	if stage == agentapi.Prepare { // where the service stands
		w.stepToEnd()
		return
	}
	w.end()
}

// checkEnded: an agent that was started again has ended what the one before it ran.
func (w *world) checkEnded(tools []process) {
	w.t.Helper()
	for _, p := range w.tools() {
		if slices.ContainsFunc(tools, func(old process) bool { return old.pid == p.pid }) {
			w.t.Errorf("of the killed agent's tools still runs: %s", p.line)
		}
	}
}

// agentGone is an agent that never comes back.
func agentGone() []faultCase {
	impatient := func(o *fleet.Options) {
		o.ServiceConfig["SeedAgentUnreachableFailMinutes"] = 1
		o.ServiceConfig["MaxRetriesForSeedStage"] = 1
	}
	return []faultCase{
		{fault: 6, what: "kill -9 of the agent, which never comes back", stage: "Backup", side: "target", ci: true, fleet: impatient, dump: heldDump,
			do: func(w *world) {
				w.start()
				w.until(w.dump.waiting)
				w.must(w.f.Target.Kill())
				w.end()
			},
			// The retry starts at Prepare, whose start is what fails last.
			end: ending{stage: agentapi.Prepare, code: "agent-unreachable", text: "on 127[.0-9]+", hint: "orchestrator-agent", data: oldData}},
		{fault: 6, what: "kill -9 of the agent, which never comes back; aborted, then aborted with --force", stage: "Backup", side: "target", ci: true, dump: heldDump,
			do: func(w *world) {
				w.start()
				w.until(w.dump.waiting)
				w.must(w.f.Target.Kill())
				w.abortWithOneDead()
			},
			end: forced(agentapi.Backup, oldData)},
		{fault: 5, what: "kill -9 of the agent, which comes back only after the seed has failed; then agent-retry-seed", stage: "Backup", side: "source",
			ci: true, dump: heldDump, fleet: impatient, end: completed, do: func(w *world) {
				w.start()
				w.until(w.dump.waiting)
				w.must(w.f.Source.Kill())
				w.must(w.dump.let())
				w.end()
				w.checkEnd(ending{stage: agentapi.Cleanup, code: "agent-unreachable", text: "on 127[.0-9]+", hint: "orchestrator-agent"})
				w.restart(agentapi.Source)
				w.retry()
				w.end()
			}},
	}
}

// forced is the end of a seed that was aborted without an answer from every agent.
func forced(stage agentapi.Stage, data targetData) ending {
	e := aborted(stage, data)
	e.text, e.hint = "^Aborted by .*, without an answer from every agent$", "see on the hosts"
	return e
}

// retry takes a held seed up again.
func (w *world) retry() {
	w.t.Helper()
	_, _, err := client.RetrySeed(w.id).Fetch(w.ctx, w.f.Service.Client)
	w.must(err)
	w.note("agent-retry-seed")
}

// abortWithOneDead aborts, sees that this does not end the seed while an agent does not answer, and then forces it.
func (w *world) abortWithOneDead() {
	w.t.Helper()
	w.must(w.abort(false))
	if s := w.details(); s.Status != agentapi.Aborting {
		w.t.Errorf("with an agent dead, an abort without force left the seed %s in %s", s.Status, s.Stage)
	}
	w.must(w.abort(true))
	if s := w.details(); s.Status != agentapi.Failed {
		w.t.Errorf("after a forced abort the seed is %s in %s", s.Status, s.Stage)
	}
	w.end()
}

// process is one that a stage of this fleet's seed started.
type process struct {
	pid  int
	exe  string
	line string
	env  string
}

func (p process) String() string { return fmt.Sprintf("%d %s", p.pid, p.line) }
