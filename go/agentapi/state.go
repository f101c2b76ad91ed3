package agentapi

import "time"

// SeedStageState is an agent's answer to seed-stage-state, the body of the call-back of our agents, and a row of a seed's
// history. Status is Running, Completed or Error when an agent speaks.
type SeedStageState struct {
	SeedStageID int64 `json:",omitempty"` // the row's ID; 0 from an agent
	SeedID      int64
	Stage       Stage
	Hostname    string
	Timestamp   time.Time
	Status      Status
	Details     string

	// Fields of ours; agents of others do not send them.

	Attempt   int64     `json:",omitempty"`
	Progress  *Progress `json:",omitempty"`
	ErrorCode string    `json:",omitempty"`
	Hint      string    `json:",omitempty"`
	// Permanent: trying the same again cannot help.
	Permanent bool `json:",omitempty"`
	// Said is what the stage said so far, oldest first, each line with its time; only in the answer to a poll.
	Said []string `json:",omitempty"`
	// OldData is what became of the target's old data, and OldDataAt where it is kept (a directory), if it is.
	OldData   OldData `json:",omitempty"`
	OldDataAt string  `json:",omitempty"`
}

// Progress of a stage that moves data. Bytes only grow within one attempt.
type Progress struct {
	Bytes int64 // so far
	Total int64 // expected at the end; 0 when unknown
	// What says what is counted or done now, for a person: "dumping shop.orders", "loading".
	What string `json:",omitempty"`
	// Unit is what Bytes and Total count where it is not bytes: "log bytes" of a redo log that is applied.
	Unit string `json:",omitempty"`
}

// Metadata is where the copy stands in the source's binary log. GtidExecuted is a MySQL or a MariaDB GTID set, without line
// breaks.
type Metadata struct {
	LogFile      string
	LogPos       int64
	GtidExecuted string
}

// APIResponse is the body of errors, and of some answers, of the service and of the agents.
type APIResponse struct {
	Code    string // "OK" or "ERROR"
	Message string
	Details any
	// Fields of ours.
	ErrorCode string `json:",omitempty"`
	Hint      string `json:",omitempty"`
	Permanent bool   `json:",omitempty"` // of an error: the same again cannot help
}

// ActiveSeed is the answer of active-seed: the seed that the agent holds; SeedID 0 when it holds none.
type ActiveSeed struct {
	SeedID        int64
	SeedStatus    Status
	Method        Method
	Side          Side
	Stage         Stage
	StagesDetails map[string]SeedStageState // by the stage's index in Stages, "0".."4"
	Attempt       int64                     `json:",omitempty"`
}

// Extra query values that our service sends to agents of ours (those that name AbilityAttempts).
const (
	// QueryAttempt carries the attempt number, a positive integer that grows over the whole life of a seed.
	QueryAttempt = "attempt"
	// HeaderToken carries the token where token-http-header does not name another header.
	HeaderToken = "X-Agent-Token"
	// HeaderAgentHost names the calling agent in the call-back seed-stage-state; the token is in HeaderToken.
	HeaderAgentHost = "X-Agent-Host"
)

// ProbeMySQL is the body of POST probe-mysql: can this host log in there? The answer is an APIResponse whose Details is a
// ProbeResult.
type ProbeMySQL struct {
	Host     string
	Port     int
	User     string // empty: the agent's own account
	Password string
}

// ProbeResult is the answer of a probe that could be tried. OK false with the reason in Error is a valid answer.
type ProbeResult struct {
	OK    bool
	Error string `json:",omitempty"`
	Found string `json:",omitempty"` // the server's version
}
