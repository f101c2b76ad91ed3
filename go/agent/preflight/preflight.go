package preflight

import (
	"context"
	"fmt"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Store is what the checks read of the backend.
type Store interface {
	Host(ctx context.Context, hostname string) (*agent.Host, error)
	WorkSeeds(ctx context.Context) ([]*agent.Seed, error)
	agent.SeedLister
}

// Client is what the checks ask of agents.
type Client interface {
	Data(ctx context.Context, h *agent.Host) (*agentapi.Data, error)
	ProbeMySQL(ctx context.Context, h *agent.Host, p agentapi.ProbeMySQL) (agentapi.ProbeResult, error)
	ProbeDataPort(ctx context.Context, target, source *agent.Host) (agentapi.ProbeResult, error)
}

// Policy is what the configuration allows.
type Policy struct {
	MaxActiveSeeds          int // 0: no bound
	MaxActiveSeedsPerSource int // 0: 1
}

// Options of the checks.
type Options struct {
	Store    Store
	Client   Client
	Topology agent.Topology
	Policy   Policy
	Clock    agent.Clock // nil: the real one
	// FactTimeout bounds each question to an agent or a server; 0: 20 s.
	FactTimeout time.Duration
}

// Checks runs the checks; it may be used from many goroutines.
type Checks struct{ opts Options }

var _ agent.Checks = (*Checks)(nil)

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

// New makes the checks.
func New(opts Options) *Checks {
	if opts.Clock == nil {
		opts.Clock = realClock{}
	}
	if opts.FactTimeout <= 0 {
		opts.FactTimeout = 20 * time.Second
	}
	if opts.Policy.MaxActiveSeedsPerSource <= 0 {
		opts.Policy.MaxActiveSeedsPerSource = 1
	}
	return &Checks{opts: opts}
}

// Run gathers the facts and returns the outcome of every check that concerns the method, in the order of the table.
func (c *Checks) Run(ctx context.Context, method agent.Method, target, source string) ([]agent.Check, error) {
	f, err := c.gather(ctx, method, target, source)
	if err != nil {
		return nil, fmt.Errorf("check a seed of %s from %s: %w", target, source, err)
	}
	return judge(f), nil
}

// judge applies the table to the facts.
func judge(f *facts) []agent.Check {
	var outcomes []agent.Check
	for _, c := range table {
		if c.applies != nil && !c.applies(f) {
			continue
		}
		outcomes = append(outcomes, c.outcome(f))
	}
	return outcomes
}
