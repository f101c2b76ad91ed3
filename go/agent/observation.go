package agent

import (
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
)

// Observation is what one step found out before it decides: facts, failures included.
type Observation struct {
	// Due: a seed in Error may be retried now although its wait is not over (a person asked for a cycle).
	Due bool
	// Reports holds one report for each side that was called in this step.
	Reports map[Side]Report
	// Replication is set in ConnectSlave.
	Replication *ReplicationReport
}

// Answer is the kind of a report.
type Answer string

const (
	AnswerAccepted     Answer = "accepted"      // the start was accepted, or had been before
	AnswerState        Answer = "state"         // Report.State holds the stage's state
	AnswerDone         Answer = "done"          // the abort or the release is confirmed
	AnswerStillRunning Answer = "still running" // asked to abort, and it goes on
	AnswerRefused      Answer = "refused"       // the agent answered with an error
	AnswerUnknownSeed  Answer = "unknown seed"  // the agent does not know the seed
	AnswerUnreachable  Answer = "unreachable"   // no proper answer
)

// Report is what one agent said in this step.
type Report struct {
	Answer   Answer
	State    *agentapi.SeedStageState // with AnswerState
	Problem  Problem                  // with every answer that is a failure
	OldData  agentapi.OldData         // with AnswerDone of a release, if the agent said it
	Limit    *Report                  // how the agent took the seed's bandwidth; nil when it was not told
	Last     *agentapi.SeedStageState // what a side said before it was told to end a failed stage; nil when it was not asked
	PostSeed *PostSeedReport          // after a completed Cleanup
}

// PostSeedReport is how the post-seed command went on one host.
type PostSeedReport struct {
	Output string
	Failed bool
}

// ReplicationReport is what ConnectSlave found.
type ReplicationReport struct {
	Metadata *agentapi.Metadata
	Steps    []string
	Replica  *inst.ReplicaState
	Problem  *Problem
}
