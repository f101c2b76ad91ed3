package seedapi

import (
	"encoding/json"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Seed is one seed. EndTimestamp is the zero time 0001-01-01T00:00:00Z until it has ended.
type Seed struct {
	SeedID         int64
	TargetHostname string
	SourceHostname string
	SeedMethod     agentapi.Method
	BackupSide     agentapi.Side
	Status         agentapi.Status
	Stage          agentapi.Stage
	Retries        int
	StartTimestamp time.Time
	EndTimestamp   time.Time
	UpdatedAt      time.Time

	// Ours from here on.

	Attempt           int64     // grows with each start of a stage
	StageStarted      time.Time // when the current stage was started
	NotBefore         time.Time // when a waiting retry is due; zero when nothing waits
	Progress          Progress
	Hosts             []SeedHost // target first
	ErrorCode         string     // see docs/troubleshooting.md
	ErrorText         string
	Hint              string
	Held              bool      // Failed, and kept as it is for agent-retry-seed
	HeldUntil         time.Time // zero unless Held
	ReplicaLagSeconds int64     // seen at the last look in ConnectSlave; -1 unknown
	// OldData is what became of the data that the target held before: "in-place", "aside", "put-back", "removed", "erased";
	// "" when nothing was said. OldDataAt is where it is kept, and OldDataText the same as a sentence.
	OldData     agentapi.OldData
	OldDataAt   string
	OldDataText string
	// Bandwidth is the bound on the copy in bytes a second: 0 none, -1 as the agents' configuration says.
	Bandwidth int64
	// Estimate is missing when the seed has ended or nothing can be said.
	Estimate *Estimate `json:",omitempty"`
}

// Estimate is the time that the whole seed will still take, its catching up included.
type Estimate struct {
	SecondsLeft int64
	Low, High   int64  // the range that it lies in
	Sure        string // "high": a quarter up or down; "medium": up to the double; "low"
	Parts       []EstimatePart
}

// EstimatePart is what is left of one stage, in seconds.
type EstimatePart struct {
	Stage     agentapi.Stage
	Name      string // "copy", "load", "catch up"
	Seconds   int64
	Low, High int64
	From      string // "measured" by the stage's progress, "learned" from earlier seeds, "default"
}

// Progress of the current stage.
type Progress struct {
	Bytes          int64
	Total          int64 // 0: unknown
	BytesPerSecond int64
	ETASeconds     int64 // -1: unknown
	What           string
	Unit           string    // of Bytes, Total and BytesPerSecond where they are not bytes: "log bytes"
	MovedAt        time.Time // when Bytes last grew
}

// SeedHost is one side of a seed.
type SeedHost struct {
	Hostname         string
	Side             agentapi.Side
	StageStatus      agentapi.Status // of the current stage there; "" when it has no part in it or was not asked yet
	Details          string          // what its agent last said of the current stage
	UnreachableSince time.Time       // zero when it answers
	Release          string          // "", "held", "pending", "released", "given up"
	ReleaseError     string
}

// SeedStageState is a row of a seed's history.
type SeedStageState struct {
	SeedStageID int64
	SeedID      int64
	Stage       agentapi.Stage
	Hostname    string
	Timestamp   time.Time
	Status      agentapi.Status
	Details     string
	Attempt     int64
	Repeats     int64 // how many identical reports this row stands for, at least 1
}

// Agent is one agent with its last known facts.
type Agent struct {
	Info         agentapi.Info // never with a token
	Data         *agentapi.Data
	LastSeen     time.Time
	Status       string // "Active" or "Inactive"
	ClusterAlias string
	MySQLVersion string
	LastError    string // why the last poll failed; "" when it did not
}

// Check is the outcome of one check before a seed.
type Check struct {
	Name   string
	Result string // "pass", "warn", "fail"
	Found  string
	Needed string
	Hint   string
}

// AuditEntry is one line of the audit.
type AuditEntry struct {
	AuditID          int64
	AuditTimestamp   time.Time
	AuditType        string
	AuditInstanceKey string // host:port, or host
	Message          string
	User             string
}

// Event is one server-sent event. Data is the JSON of a Seed ("seed"), a SeedStageState ("seed-state") or an Agent
// ("agent").
type Event struct {
	ID   int64
	Kind string
	Data json.RawMessage
}

// NodeStatus is the answer of status.
type NodeStatus struct {
	Node        string
	Version     string
	IsLeader    bool
	Leader      string
	Term        int64
	Backend     string // "sqlite3" or "mysql"
	Healthy     bool
	Problem     string
	StartedAt   time.Time
	ActiveSeeds int
	Agents      int
}

// Me is the answer of me: who asks.
type Me struct {
	User      string // "" where nobody has to say who they are
	MayChange bool
	Why       string // MayChange is false; "" when it is true
}
