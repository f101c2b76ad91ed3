package faults

import (
	"regexp"
	"syscall"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

// afterAbort is what the target holds after an abort of a seed that was held in the stage.
var afterAbort = map[agentapi.Stage]targetData{
	agentapi.Prepare: oldData, agentapi.Backup: oldData, agentapi.Restore: oldData, agentapi.ConnectSlave: copied, agentapi.Cleanup: replica,
}

// aborts is fault 23.
func aborts() []faultCase {
	var list []faultCase
	for _, stage := range seedStages {
		h := holds()[stage]
		list = append(list, faultCase{fault: 23, what: "abort", stage: string(stage), side: "-", ci: stage != agentapi.Prepare, fleet: h.fleet, dump: h.dump,
			end: aborted(stage, afterAbort[stage]), do: func(w *world) {
				open := h.until(w)
				w.must(w.abort(false))
				if s := w.details(); s.Status != agentapi.Failed {
					w.t.Errorf("when the abort was answered the seed was %s in %s", s.Status, s.Stage)
				}
				open()
				w.end()
			}})
		for _, side := range []agentapi.Side{agentapi.Source, agentapi.Target} {
			if !mayHold(stage, side) {
				list = append(list, faultCase{fault: 23, what: "abort with the agent dead, which has no part in the stage", stage: string(stage), side: lower(side),
					fleet: h.fleet, dump: h.dump, end: aborted(stage, afterAbort[stage]), do: func(w *world) {
						open := h.until(w)
						w.must(w.agent(side).Kill())
						w.must(w.abort(false))
						w.end()
						open()
					}})
				continue
			}
			list = append(list, faultCase{fault: 23, what: "abort with the agent dead, then with --force", stage: string(stage), side: lower(side),
				ci: stage == agentapi.Restore && side == agentapi.Target, fleet: h.fleet, dump: h.dump,
				end: forced(stage, afterAbort[stage]), do: func(w *world) {
					open := h.until(w)
					w.must(w.agent(side).Kill())
					w.abortWithOneDead()
					w.restart(side)
					w.letGo() // before that nobody can end what a dead agent's server still waits for
					open()
				}})
		}
	}
	return append(list, faultCase{fault: 23, what: "abort when the old data is gone and half of the new is there", stage: "Restore", side: "-", ci: true,
		fleet: fillBulk(8 << 20), end: aborted(agentapi.Restore, emptied), do: func(w *world) {
			unlock := w.heldInLoad()
			w.must(w.abort(false))
			unlock()
			w.end()
			w.letGo()
		}})
}

// mayHold says whether an agent may work for a seed in that stage, so that an abort needs its word.
func mayHold(stage agentapi.Stage, side agentapi.Side) bool {
	switch stage {
	case agentapi.ConnectSlave:
		return false
	case agentapi.Restore:
		return side == agentapi.Target
	}
	return true
}

// lateAborts is fault 24.
func lateAborts() []faultCase {
	return []faultCase{
		{fault: 24, what: "abort three times: while the seed is being aborted, and after it has failed", stage: "Backup", side: "-", ci: true, dump: heldDump,
			end: aborted(agentapi.Backup, oldData), do: func(w *world) {
				w.start()
				w.until(w.dump.waiting)
				w.must(w.f.Target.Signal(syscall.SIGSTOP))
				w.must(w.abort(false))
				if s := w.details(); s.Status != agentapi.Aborting {
					w.t.Errorf("with a frozen agent the seed is %s after an abort", s.Status)
				}
				w.must(w.abort(false))
				w.must(w.f.Target.Signal(syscall.SIGCONT))
				w.end()
				w.refused(w.abort(false), "has ended already")
			}},
		{fault: 24, what: "abort after Completed", stage: "Cleanup", side: "-", ci: true, end: onceEach, do: func(w *world) {
			w.start()
			w.end()
			w.refused(w.abort(false), "has ended already")
			w.refused(w.abort(true), "has ended already")
		}},
	}
}

// refused: the call must have been refused, with a sentence that matches.
func (w *world) refused(err error, pattern string) {
	w.t.Helper()
	if err == nil || client.IsUnreachable(err) || !regexp.MustCompile(pattern).MatchString(err.Error()) {
		w.t.Errorf("must be refused with %q: %v", pattern, err)
		return
	}
	w.note("refused: “%s”", err)
}
