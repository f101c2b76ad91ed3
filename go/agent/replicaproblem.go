package agent

import "github.com/orchestrator-seed/orchestrator-seed/go/inst"

// replicaProblem is what a replica's own error means for the seed; nil when there is none, or one that may pass.
func replicaProblem(st *inst.ReplicaState) *Problem {
	return nil
}
