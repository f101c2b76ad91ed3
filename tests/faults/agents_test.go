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

var sides = []agentapi.Side{agentapi.Source, agentapi.Target}

func lower(side agentapi.Side) string { return strings.ToLower(string(side)) }

// agentKilled is faults 5 and 6: killed in every stage, and started again.
func agentKilled(k *kit) []faultCase {
	var list []faultCase
	for _, side := range sides {
		for _, h := range k.holds {
			list = append(list, k.held(h, faultCase{fault: number(side), what: "kill -9 of the agent while the stage runs, then started again",
				side: lower(side), end: completed, do: func(w *world) {
					open := h.until(w)
					running := w.tools()
					w.must(w.agent(side).Kill())
					w.restart(side)
					w.checkEnded(running, side)
					open()
					w.finish()
				}}))
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
	return list
}

// finish waits for the end of a seed that was held.
func (w *world) finish() {
	w.t.Helper()
	if w.stands {
		w.stepToEnd()
		return
	}
	w.end()
}

// checkEnded: an agent that was started again has ended what the one before it ran.
func (w *world) checkEnded(tools []process, side agentapi.Side) {
	w.t.Helper()
	for _, p := range w.tools() {
		if p.side() == side && slices.ContainsFunc(tools, func(old process) bool { return old.pid == p.pid }) {
			w.t.Errorf("of the killed agent's tools still runs: %s", p.line)
		}
	}
}

func impatient(o *fleet.Options) {
	o.ServiceConfig["SeedAgentUnreachableFailMinutes"] = 1
	o.ServiceConfig["MaxRetriesForSeedStage"] = 1
}

// agentGone is an agent that never comes back.
func agentGone(k *kit) []faultCase {
	backup := k.hold(agentapi.Backup)
	var list []faultCase
	for _, side := range sides {
		list = append(list,
			k.held(backup, faultCase{fault: number(side), what: "kill -9 of the agent, which never comes back", side: lower(side), fleet: impatient,
				do: func(w *world) {
					open := backup.until(w)
					w.must(w.agent(side).Kill())
					if side == agentapi.Source && !k.sends {
						open() // only what comes later needs this agent
					}
					w.end()
				},
				end: goneFor(k, side)}),
			k.held(backup, faultCase{fault: number(side), what: "kill -9 of the agent, which never comes back; aborted, then aborted with --force", side: lower(side),
				do: func(w *world) {
					backup.until(w)
					w.must(w.agent(side).Kill())
					w.abortWithOneDead()
				},
				end: forced(agentapi.Backup, oldData)}))
	}
	return append(list, k.held(backup, faultCase{fault: 5, what: "kill -9 of the agent, which comes back only after the seed has failed; then agent-retry-seed",
		side: "source", fleet: impatient, end: completed, do: func(w *world) {
			open := backup.until(w)
			w.must(w.f.Source.Kill())
			open()
			w.end()
			gone := goneFor(k, agentapi.Source)
			w.checkEnd(gone)
			w.restart(agentapi.Source)
			if !w.ended.Held {
				w.letGo()
				w.start() // nothing of it was kept: a new seed
			} else {
				w.retry()
			}
			w.end()
		}}))
}

// goneFor is the end of a seed whose agent is gone from Backup on.
func goneFor(k *kit, side agentapi.Side) ending {
	e := ending{stage: agentapi.Prepare, code: "agent-unreachable", text: "on 127[.0-9]+", hint: "orchestrator-agent", data: oldData}
	if side == agentapi.Source && !k.sends {
		e.stage, e.data = agentapi.Cleanup, replica
	}
	return e // else the retry starts at Prepare, whose start is what fails last
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

// side is whose agent started it: each has a directory of its own in PATH.
func (p process) side() agentapi.Side {
	if strings.Contains(p.env, "/stand-in-source:") {
		return agentapi.Source
	}
	return agentapi.Target
}

func (p process) String() string { return fmt.Sprintf("%d %s", p.pid, p.line) }
