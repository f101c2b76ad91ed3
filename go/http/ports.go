package http

import (
	"context"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

// Engine moves seeds. Its errors are *agent.OpError, or say with errors.Is what they are (see agent's sentinels).
type Engine interface {
	Check(ctx context.Context, method agent.Method, target, source string) ([]agent.Check, error)
	StartSeed(ctx context.Context, method agent.Method, target, source, user string) (*agent.Seed, error)
	Abort(ctx context.Context, id int64, force bool, user string) error
	Retry(ctx context.Context, id int64, user string) error
	ReleaseSeed(ctx context.Context, id int64, user string) error
	// SetBandwidth bounds the seed's copy in bytes a second; 0 is no bound.
	SetBandwidth(ctx context.Context, id, bytesPerSecond int64, user string) error
	// ProcessSeeds runs one cycle and returns the seeds that it stepped.
	ProcessSeeds(ctx context.Context) ([]*agent.Seed, error)
	// AgentReported wakes the seed of which an agent reports a change.
	AgentReported(ctx context.Context, host string, st agentapi.SeedStageState) error
}

// Registry knows the agents.
type Registry interface {
	// Register calls the agent back before it stores it, for up to half a minute.
	Register(ctx context.Context, info agentapi.Info) error
	// Update asks the agent now.
	Update(ctx context.Context, host string) (*agent.Host, error)
	// Authenticate is nil when the token is that agent's; compared in constant time.
	Authenticate(ctx context.Context, host, token string) error
}

// Data is what pages and scripts read, and the audit that the verbs of agents write.
type Data interface {
	agent.Queries
	Seed(ctx context.Context, id int64) (*agent.Seed, error)
	Host(ctx context.Context, hostname string) (*agent.Host, error)
	Audit(ctx context.Context, e agent.AuditEntry) error
}

// Agents are the verbs that are passed on to an agent; agent.AgentClient has them.
type Agents interface {
	MySQLStart(ctx context.Context, h *agent.Host) error
	MySQLStop(ctx context.Context, h *agent.Host) error
	MySQLErrorLog(ctx context.Context, h *agent.Host) (string, error)
	MountLV(ctx context.Context, h *agent.Host, lv string) error
	Unmount(ctx context.Context, h *agent.Host) error
	RemoveLV(ctx context.Context, h *agent.Host, lv string) error
	CreateSnapshot(ctx context.Context, h *agent.Host) error
	CustomCommand(ctx context.Context, h *agent.Host, command string) (output string, err error)
}

// Node is what this node says of itself; it is asked at every health check and must answer soon.
type Node interface {
	NodeStatus(ctx context.Context) seedapi.NodeStatus
}

// Meter counts requests. route is the route's name, never a path.
type Meter interface {
	HTTPRequest(route string, code int, took time.Duration)
}
