package simulation

import (
	"maps"
	"slices"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// What has to hold when nothing goes wrong any more and every seed had its time. w.mu is held.

// notEnded names the seeds that never ended.
func (w *world) notEnded() {
	for _, id := range slices.Sorted(maps.Keys(w.rows)) {
		if s := w.rows[id]; s.Active() || s.Releasing() {
			w.breaks("seed %d (%s) still stands at %s/%s (held until %v): %s", id, s.Method, s.Stage, s.Status, s.Engine.HeldUntil, s.Problem.Text)
		}
	}
}

func (w *world) checkEnd() {
	newest := map[string]int64{}
	for id, s := range w.rows {
		newest[s.TargetHost] = max(newest[s.TargetHost], id)
	}
	for _, h := range w.sortedHosts() {
		h.settle()
	}
	for _, id := range slices.Sorted(maps.Keys(w.rows)) {
		s := w.rows[id]
		w.checkStored(s)
		for _, side := range agentapi.Sides {
			w.checkLeft(s, side)
		}
		if newest[s.TargetHost] == id {
			w.checkData(s)
		}
	}
	if left := w.mem.Downtimes(); len(left) > 0 {
		w.breaks("downtimes are left: %v", left)
	}
}

// checkStored: every write went past the rules, and the history tells the seed's end.
func (w *world) checkStored(s agent.Seed) {
	stored, err := w.mem.Seed(w.nodes[0].ctx, s.ID)
	if err == nil && stored.Version != s.Version {
		w.breaks("seed %d has version %d, the rules have seen %d", s.ID, stored.Version, s.Version)
	}
	rows, _ := w.mem.SeedStates(w.nodes[0].ctx, s.ID) // newest first; it has no errors
	told := slices.ContainsFunc(rows, func(r agent.StageState) bool { return r.Stage == s.Stage && r.Status == s.Status })
	if !told {
		w.breaks("the history of seed %d does not tell that it is %s in %s", s.ID, s.Status, s.Stage)
	}
	for i := 1; i < len(rows); i++ {
		if rows[i].Attempt > rows[i-1].Attempt {
			w.breaks("the history of seed %d goes back from attempt %d to %d", s.ID, rows[i].Attempt, rows[i-1].Attempt)
		}
	}
}

// checkLeft: nothing of an ended seed is left on its hosts, but what was given up or what the agent has lost the memory of.
func (w *world) checkLeft(s agent.Seed, side agent.Side) {
	h := w.hosts[s.Host(side)]
	k := h.seeds[s.ID]
	if hs := s.Engine.Hosts[side]; s.Status == agentapi.Failed && (hs == nil || hs.Release != agent.ReleaseDone) {
		return
	}
	// Of commands that come late one of others knows nothing, and neither does one that has forgotten their seed's release.
	if k == nil || k.released || h.lost[s.ID] || w.messy && (h.v2 || h.forgot[s.ID]) {
		return
	}
	if k.runs() || k.files || k.receives {
		w.breaks("seed %d is %s, and %s has left: runs %v, files %v, receives %v", s.ID, s.Outcome, h.name, k.runs(), k.files, k.receives)
	}
}

// checkData: the target is what the seed's end says, and so is what was said of its old data.
func (w *world) checkData(s agent.Seed) {
	h := w.hosts[s.TargetHost]
	k, said := h.seeds[s.ID], s.Engine.OldData
	if h.v2 || h.lost[s.ID] {
		return
	}
	if s.Status == agentapi.Completed {
		if h.data != s.ID || h.replicaOf != s.SourceHost {
			w.breaks("seed %d is completed, and %s runs on the data of %d as a replica of %q", s.ID, h.name, h.data, h.replicaOf)
		}
		if k != nil && (k.aside || said != k.old) {
			w.breaks("seed %d is completed, old data aside %v, the agent says %q, the service %q", s.ID, k.aside, k.old, said)
		}
		return
	}
	if k == nil || s.Engine.Hosts[agentapi.Target].Release != agent.ReleaseDone {
		return
	}
	switch {
	case keeps(s.Method) && k.works[agentapi.Cleanup] == nil && h.data != k.was:
		w.breaks("seed %d by %s is released, and %s runs on the data of %d instead of its own (%d)", s.ID, s.Method, h.name, h.data, k.was)
	case said != "" && said != k.old:
		w.breaks("seed %d is released; of the old data its agent says %q, the service %q", s.ID, k.old, said)
	case h.data == k.was && h.replicaOf == s.SourceHost && h.connectedBy == s.ID:
		w.breaks("seed %d is released with %s on its own data, and it replicates from %s", s.ID, h.name, h.replicaOf)
	}
}
