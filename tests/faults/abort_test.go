package faults

import (
	"regexp"
	"syscall"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

// aborts are faults 23 and 24.
func aborts(k *kit) []faultCase {
	var list []faultCase
	for _, h := range k.holds {
		list = append(list, k.held(h, faultCase{fault: 23, what: "abort", side: "-", end: aborted(h.stage, h.after), do: func(w *world) {
			open := h.until(w)
			w.must(w.abort(false))
			if s := w.details(); s.Status != agentapi.Failed {
				w.t.Errorf("when the abort was answered the seed was %s in %s", s.Status, s.Stage)
			}
			open()
			w.end()
		}}))
		for _, side := range sides {
			if !mayHold(h.stage, side) {
				list = append(list, k.held(h, faultCase{fault: 23, what: "abort with the agent dead, which has no part in the stage",
					side: lower(side), end: aborted(h.stage, h.after), do: func(w *world) {
						open := h.until(w)
						w.must(w.agent(side).Kill())
						w.must(w.abort(false))
						w.end()
						open()
						w.letGo() // what it keeps may be put back only then
					}}))
				continue
			}
			list = append(list, k.held(h, faultCase{fault: 23, what: "abort with the agent dead, then with --force", side: lower(side),
				end: forced(h.stage, h.after), do: func(w *world) {
					open := h.until(w)
					w.must(w.agent(side).Kill())
					w.abortWithOneDead()
					w.restart(side)
					if h.putsBack {
						open()
					}
					w.letGo() // before that nobody can end what a dead agent's server still waits for
					open()
				}}))
		}
	}
	return append(list, lateAborts(k)...)
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
func lateAborts(k *kit) []faultCase {
	backup := k.hold(agentapi.Backup)
	return []faultCase{
		k.held(backup, faultCase{fault: 24, what: "abort three times: while the seed is being aborted, and after it has failed", side: "-",
			end: aborted(agentapi.Backup, oldData), do: func(w *world) {
				backup.until(w)
				w.must(w.f.Target.Signal(syscall.SIGSTOP))
				w.must(w.abort(false))
				if s := w.details(); s.Status != agentapi.Aborting {
					w.t.Errorf("with a frozen agent the seed is %s after an abort", s.Status)
				}
				w.must(w.abort(false))
				w.must(w.f.Target.Signal(syscall.SIGCONT))
				w.end()
				w.refused(w.abort(false), "has ended already")
			}}),
		{fault: 24, what: "abort after Completed", stage: "Cleanup", side: "-", end: onceEach, do: func(w *world) {
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
