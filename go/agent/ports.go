package agent

import (
	"context"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
)

// Store keeps seeds, agents and the audit. Every method may be called from many goroutines. A method that fails says
// nothing about what is stored: "there is none" is only ever said by an empty answer or ErrNotFound.
type Store interface {
	// CreateSeed inserts a seed (ID, Version and UpdatedAt are set by the store) with its first history rows and audit
	// line, and begins the target's downtime if dt is not nil. In the same transaction it refuses, with an error that is
	// ErrRefused and names the seed in the way, when the target is in an active seed on either side, when the source is
	// the target of one, or when maxPerSource active seeds already read from the source; maxActive bounds all active
	// seeds (0: no bound).
	CreateSeed(ctx context.Context, f Fence, s *Seed, rows []StageState, audit AuditEntry, dt *Downtime, maxActive, maxPerSource int) (*Seed, error)
	// Transition writes a seed, its history rows and its audit line in one transaction, if the stored version is still
	// t.Seed.Version and the fence holds; returns the seed as stored (Version+1). Otherwise ErrConflict or ErrFenced, and
	// nothing is written. A history row that repeats the newest row of its seed, stage, host, status, attempt and text is
	// folded into it.
	Transition(ctx context.Context, f Fence, t Transition) (*Seed, error)

	Seed(ctx context.Context, id int64) (*Seed, error) // ErrNotFound
	// Seeds is what earlier seeds are read with; see SeedFilter.
	Seeds(ctx context.Context, f SeedFilter) ([]*Seed, error) // newest first
	// WorkSeeds returns the seeds that ProcessSeeds has to look at: every active one and every failed one that is still
	// held or releasing, oldest first.
	WorkSeeds(ctx context.Context) ([]*Seed, error)
	// WorkVersions returns what identifies the rows that WorkSeeds would return, oldest first, in one light query.
	WorkVersions(ctx context.Context) ([]SeedVersion, error)
	// WakeSeed has the node that leads look at the seed soon: it adds 1 to the seed's Wakes and leaves its Version as it is.
	// ErrNotFound when there is no such seed.
	WakeSeed(ctx context.Context, id int64) error

	// SaveHost inserts or replaces the registration of an agent (info, data, times, status, cluster alias, version).
	SaveHost(ctx context.Context, h *Host) error
	// SaveHostFacts updates an agent's facts if its token is still the one in h; else ErrConflict.
	SaveHostFacts(ctx context.Context, h *Host) error
	// TouchHost notes that the agent was seen now.
	TouchHost(ctx context.Context, hostname string, at time.Time) error
	Host(ctx context.Context, hostname string) (*Host, error) // ErrNotFound
	// HostsNamed returns those of the agents that are known, in any order, in one query; of their facts at least what calls
	// depend on (see trimmed).
	HostsNamed(ctx context.Context, hostnames []string) ([]*Host, error)
	// HostsDue returns up to limit agents of that status that were last checked before the given time, longest ago first.
	HostsDue(ctx context.Context, status HostStatus, before time.Time, limit int) ([]*Host, error)
	// ForgetHosts removes agents not seen since the given time that have no active or releasing seed; returns their names.
	ForgetHosts(ctx context.Context, unseenSince time.Time) ([]string, error)

	Audit(ctx context.Context, e AuditEntry) error
	// Purge removes finished, released seeds that ended before seedsBefore with their history, and audit lines older than
	// auditBefore.
	Purge(ctx context.Context, seedsBefore, auditBefore time.Time) error
}

// SeedVersion says which row of a seed is the newest.
type SeedVersion struct {
	ID      int64
	Version int64
	// Wakes is how often WakeSeed was called for it.
	Wakes int64
}

// Fence names the leadership under which a write is made. Term 0 means that no lease is used (single node).
type Fence struct{ Term int64 }

// Transition is one move of a seed with everything that belongs to it.
type Transition struct {
	Seed  Seed // as it shall be; Version is the one that was read
	Rows  []StageState
	Audit []AuditEntry
	// BeginDowntime enters the downtime of the target, or replaces the seed's own entry; EndDowntime removes it.
	BeginDowntime *Downtime
	EndDowntime   bool
}

// AuditEntry is one line of the audit.
type AuditEntry struct {
	At      time.Time
	Type    string // "agent-seed", "agent-abort-seed", "seed-transition", ...
	Host    string
	Port    int
	Message string
	User    string // "" is the service itself
}

// Downtime is an entry of database_instance_downtime.
type Downtime struct {
	Host   string
	Port   int
	Owner  string
	Reason string
	Begin  time.Time
	End    time.Time
}

// AgentClient calls one agent. Every call has a total deadline of its own and may be repeated. Errors are *OpError; Is
// ErrUnreachable when no proper answer came (no connection, time-out, not 2xx with a body that is not an agent's error,
// HTML, cut JSON, unknown words), ErrUnknownSeed when the agent does not know the seed, otherwise the agent refused.
// The client takes care of the differences between our agents and agents of others.
type AgentClient interface {
	Data(ctx context.Context, h *Host) (*agentapi.Data, error)
	// Start starts the seed's current stage (Prepare, Backup, Restore, Cleanup) on that side with s.Attempt. nil when it
	// was accepted or had been started already. The terms go to agents that take them; of others only the source's MySQL
	// port is told.
	Start(ctx context.Context, h *Host, s *Seed, side Side, terms agentapi.SeedTerms) error
	// StageState asks for the state of the current stage and attempt.
	StageState(ctx context.Context, h *Host, s *Seed) (*agentapi.SeedStageState, error)
	Metadata(ctx context.Context, h *Host, s *Seed) (*agentapi.Metadata, error)
	// Abort ends what runs for the seed's current stage. nil only when nothing of it runs any more (an agent that does not
	// know the seed runs nothing); ErrStillRunning when the agent answers that it goes on.
	Abort(ctx context.Context, h *Host, s *Seed) error
	// Release lets go of everything that the seed holds on that side (lifecycle, rule 8); nil when confirmed. An agent of
	// ours may say what became of the target's old data; "" otherwise.
	Release(ctx context.Context, h *Host, s *Seed, side Side) (agentapi.OldData, error)
	// Bandwidth bounds the seed's copy from now on, in bytes a second, 0 for no bound; for agents that name AbilityStream.
	Bandwidth(ctx context.Context, h *Host, s *Seed, bytesPerSecond int64) error
	PostSeed(ctx context.Context, h *Host, s *Seed) (output string, err error)

	MySQLStart(ctx context.Context, h *Host) error
	MySQLStop(ctx context.Context, h *Host) error
	MySQLErrorLog(ctx context.Context, h *Host) (string, error)
	MountLV(ctx context.Context, h *Host, lv string) error
	Unmount(ctx context.Context, h *Host) error
	RemoveLV(ctx context.Context, h *Host, lv string) error
	CreateSnapshot(ctx context.Context, h *Host) error
	CustomCommand(ctx context.Context, h *Host, command string) (output string, err error)

	// ProbeMySQL asks the agent whether its host can log in there; an error when it cannot be asked.
	ProbeMySQL(ctx context.Context, h *Host, p agentapi.ProbeMySQL) (agentapi.ProbeResult, error)
	// ProbeDataPort asks the target to listen on its data port and the source to connect to it.
	ProbeDataPort(ctx context.Context, target, source *Host) (agentapi.ProbeResult, error)
}

// Topology is MySQL as the engine needs it. Errors are *OpError; Permanent where trying again cannot help.
type Topology interface {
	// ReadInstance connects and reads the server's state.
	ReadInstance(ctx context.Context, addr inst.Address) (*inst.Instance, error)
	// ConnectReplica does steps 1 to 5 of "ConnectSlave" and calls step(text) before each; it may be repeated.
	ConnectReplica(ctx context.Context, target, source inst.Address, at agentapi.Metadata, step func(text string)) error
	// ReplicaState reads the gate: threads, errors, lag.
	ReplicaState(ctx context.Context, target, source inst.Address) (*inst.ReplicaState, error)
	// DisconnectReplica stops replication on the target and forgets its source; nil when it is not a replica.
	DisconnectReplica(ctx context.Context, target inst.Address) error
	// ReplicationCredentials are what ConnectReplica would use. Never logged.
	ReplicationCredentials(ctx context.Context, source inst.Address) (user, password string, err error)
	// ClusterAlias is what DetectClusterAliasQuery says on that server; "" when there is none.
	ClusterAlias(ctx context.Context, addr inst.Address) (string, error)
}

// Checks runs the checks before a seed; it changes nothing. An error means that they could not be run, which refuses.
type Checks interface {
	Run(ctx context.Context, method Method, target, source string) ([]Check, error)
}

// Check is the outcome of one check.
type Check struct {
	Name   string
	Result CheckResult
	Found  string
	Needed string
	Hint   string
}

// CheckResult is pass, warn or fail; only fail refuses a seed.
type CheckResult string

const (
	Pass CheckResult = "pass"
	Warn CheckResult = "warn"
	Fail CheckResult = "fail"
)

// Events is told of every change after it is stored; it must not block.
type Events interface {
	SeedChanged(s *Seed)
	StateAdded(r StageState)
	HostChanged(h *Host)
}

// Meter counts what the engine does; it must not block.
type Meter interface {
	StageEnded(stage Stage, method Method, ok bool, took time.Duration)
	AgentCall(call string, took time.Duration, err error)
	Cycle(took time.Duration, seeds int)
}

// Clock is the time; tests replace it.
type Clock interface{ Now() time.Time }

// Leader says whether this node may step seeds, and under which term.
type Leader interface {
	Leading() (Fence, bool)
}
