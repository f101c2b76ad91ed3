package agent

import (
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent/estimate"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
)

// The names on the wire are the names in the engine.
type (
	Stage  = agentapi.Stage
	Status = agentapi.Status
	Method = agentapi.Method
	Side   = agentapi.Side
)

// Seed is one row of agent_seed: everything the engine needs to go on with it after a crash. It is a value; only
// Store.Transition changes what is stored.
type Seed struct {
	ID         int64
	TargetHost string
	SourceHost string
	Method     Method
	BackupSide Side
	Stage      Stage
	Status     Status
	Retries    int // restarts of the current stage
	StartedAt  time.Time
	EndedAt    time.Time // zero while live
	UpdatedAt  time.Time

	// Version is the row's version: every Transition names the one it read and adds one.
	Version int64
	// Attempt numbers the starts of stages over the whole life of the seed; it is raised whenever Status becomes Scheduled,
	// before any agent is called. Agents refuse calls with an older one.
	Attempt int64
	// NotBefore is when a seed in Error is due for its retry. The zero time: at once.
	NotBefore time.Time
	// Outcome says in one word how a seed that ended did: "", "completed", "failed", "aborted".
	Outcome string
	// Problem is the last error, kept until a stage completes; the zero value when there was none.
	Problem Problem
	// Engine is what only the engine reads; one JSON column.
	Engine EngineState
}

// Active says whether the seed is live: its status is neither Completed nor Failed.
func (s *Seed) Active() bool { return s.Status != agentapi.Completed && s.Status != agentapi.Failed }

// Releasing says whether a failed seed still holds something on an agent, now or after its hold.
func (s *Seed) Releasing() bool {
	if s.Status != agentapi.Failed {
		return false
	}
	for _, h := range s.Engine.Hosts {
		if h.Release == ReleaseHeld || h.Release == ReleasePending {
			return true
		}
	}
	return false
}

// Host returns the host name of that side.
func (s *Seed) Host(side Side) string {
	if side == agentapi.Target {
		return s.TargetHost
	}
	return s.SourceHost
}

// Problem is an error as it is stored and shown.
type Problem struct {
	Code      string
	Text      string
	Hint      string
	Permanent bool // the same again cannot help: no retry
}

// EngineState is stored as one JSON value, so that adding to it needs no migration.
type EngineState struct {
	StageStartedAt time.Time           // when the current stage was last Scheduled
	Hosts          map[Side]*HostState // what is known of each side
	Progress       Progress
	// PrepareAgain: Prepare is re-run because Backup failed, so completing it does not reset Retries.
	PrepareAgain bool `json:",omitempty"`
	// HeldUntil is when a held seed is released; zero when it is not held.
	HeldUntil time.Time `json:",omitzero"`
	// ReleaseUntil is when releasing is given up.
	ReleaseUntil time.Time `json:",omitzero"`
	// WaitingSince is when a retry began to wait for an agent that cannot abort its work; zero when none does.
	WaitingSince time.Time `json:",omitzero"`
	// MySQLAwaySince is since when every failure of the stage was that a MySQL did not answer; zero when the last was not.
	MySQLAwaySince time.Time `json:",omitzero"`
	// AbortedBy is who asked for the end; "" when nobody did.
	AbortedBy string `json:",omitempty"`
	// AbortForced: agents that do not confirm the abort are given up, because a person said so.
	AbortForced bool `json:",omitempty"`
	// Metadata is where the copy stands in the source's binary log, once known.
	Metadata *agentapi.Metadata `json:",omitempty"`
	// TargetReceives: the backup runs on the source, and the target takes part in Backup as the receiving end.
	TargetReceives bool `json:",omitempty"`
	// StreamKey is what the secrets of the seed's streams are derived from; nil when one of the agents is not ours,
	// and when the seed has ended.
	StreamKey StreamKey `json:",omitempty"`
	// PrepareAttempt is the attempt of the newest Prepare: each makes a stream of its own.
	PrepareAttempt int64 `json:",omitempty"`
	// SourceBytes is the source's data directory on disk when the seed was made; 0 unknown.
	SourceBytes int64 `json:",omitempty"`
	// Bandwidth is the bound on the copy in bytes a second, 0 none; nil: as the agents' configuration says.
	Bandwidth *int64 `json:",omitempty"`
	// OldData is what became of the data that the target held before, and OldDataAt the directory where it is kept.
	OldData   agentapi.OldData `json:",omitempty"`
	OldDataAt string           `json:",omitempty"`
	// PeerBlamedAt is when one side said that the other had failed, while the other has not said yet why.
	PeerBlamedAt time.Time `json:",omitzero"`
	// Took is how long each completed stage took from its start, in seconds; of the newest run of a stage.
	Took map[Stage]float64 `json:",omitempty"`
	// Learned is what earlier seeds by the method took, as known when this one was made.
	Learned estimate.Learned `json:",omitempty"`
	// Lag is the replica's delay in seconds at the last look, -1 unknown; Gate is what the gate remembers of earlier looks.
	Lag int64 `json:",omitempty"`
	// LagFirst is the delay when it was first seen in ConnectSlave, at LagFirstAt.
	LagFirst   int64           `json:",omitempty"`
	LagFirstAt time.Time       `json:",omitzero"`
	Gate       inst.GateMemory `json:",omitzero"`
}

// HostState is one side of a seed within its current stage, and its release afterwards.
type HostState struct {
	// Stage is Running, Completed or Error as last reported for the current attempt; "" before it was asked or when the
	// side has no part in the stage.
	Stage Status `json:",omitempty"`
	// Details is the last text that was recorded of the current stage.
	Details string `json:",omitempty"`
	// LastSaid is the last line of SeedStageState.Said that was recorded of the current stage.
	LastSaid string `json:",omitempty"`
	// LimitDue: the agent has not confirmed the seed's bandwidth as it is now.
	LimitDue bool `json:",omitempty"`
	// UnreachableSince is when the agent stopped answering; zero when it answers.
	UnreachableSince time.Time `json:",omitzero"`
	Release          Release   `json:",omitempty"`
	ReleaseError     string    `json:",omitempty"`
}

// Release is how far the letting-go of a failed seed is on one host.
type Release string

const (
	ReleaseNone    Release = ""         // nothing to release
	ReleaseHeld    Release = "held"     // kept for agent-retry-seed
	ReleasePending Release = "pending"  // to be released, asked again until it confirms
	ReleaseDone    Release = "released" // confirmed by the agent
	ReleaseGivenUp Release = "given up" // never confirmed; a person has to look
)

// Progress of the current stage; Bytes never shrinks within an attempt.
type Progress struct {
	Bytes   int64
	Total   int64     // 0: unknown
	Rate    int64     // bytes per second over the last minute or so
	What    string    `json:",omitempty"`
	Unit    string    `json:",omitempty"` // of Bytes and Total, where they are not bytes
	MovedAt time.Time `json:",omitzero"`  // when Bytes last grew, or the stage was started
	SeenAt  time.Time `json:",omitzero"`  // when Bytes was last read
}

// StageState is a row of a seed's history (agent_seed_state).
type StageState struct {
	ID      int64
	SeedID  int64
	Stage   Stage
	Host    string // the agent's host, or the service's node name for what the service did itself
	At      time.Time
	Status  Status
	Details string
	Attempt int64
	Repeats int64 // how many equal reports this row stands for
}
