package preflight

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agent/estimate"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
)

// facts is everything that the checks may look at.
type facts struct {
	method         agent.Method
	target, source *hostFacts
	seeds          []*agent.Seed // active, held and releasing ones
	policy         Policy
	learned        estimate.Learned // what earlier seeds by the method took
	credentialsErr error            // why the credentials for replication could not be had
	login          probe            // the target logs in to the source's MySQL as the replica will
	dataPort       probe            // the source connects to the target's data port
}

// hostFacts is what is known of one host. Exactly one of a fact and its error is set.
type hostFacts struct {
	name     string
	host     *agent.Host // nil: not registered
	data     *agentapi.Data
	dataErr  error
	mysql    *inst.Instance
	mysqlErr error
	// clock is the host's clock as its agent, or else its MySQL, tells it.
	clock clockOffset
}

// clockOffset is how far a clock is ahead of the service's.
type clockOffset struct {
	ahead time.Duration
	known bool
}

// probe is a question that one agent tried out.
type probe struct {
	asked  bool // false: why says why not
	why    string
	result agentapi.ProbeResult
	err    error // it was asked, and no answer came
}

func (c *Checks) gather(ctx context.Context, method agent.Method, target, source string) (*facts, error) {
	f := &facts{method: method, policy: c.opts.Policy, target: &hostFacts{name: target}, source: &hostFacts{name: source}}
	for _, h := range []*hostFacts{f.target, f.source} {
		host, err := c.opts.Store.Host(ctx, h.name)
		if err != nil && !errors.Is(err, agent.ErrNotFound) {
			return nil, fmt.Errorf("read agent %s: %w", h.name, err)
		}
		if err == nil {
			h.host = host
		}
	}
	seeds, err := c.opts.Store.WorkSeeds(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the active seeds: %w", err)
	}
	f.seeds = seeds

	var user, password string
	var targetClock, sourceClock clockOffset
	tasks := []func(context.Context){
		func(ctx context.Context) { c.askAgent(ctx, f.target) },
		func(ctx context.Context) { c.askAgent(ctx, f.source) },
		func(ctx context.Context) { targetClock = c.askMySQL(ctx, f.target) },
		func(ctx context.Context) { sourceClock = c.askMySQL(ctx, f.source) },
	}
	if f.source.host != nil {
		tasks = append(tasks, func(ctx context.Context) {
			user, password, f.credentialsErr = c.opts.Topology.ReplicationCredentials(ctx, f.source.address())
			if f.credentialsErr == nil && user == "" { // an agent that is asked without a user tries its own account
				f.credentialsErr = errors.New("the name of the account is empty")
			}
		})
	} else {
		f.credentialsErr = f.source.unregistered()
	}
	c.together(ctx, tasks...)
	if !f.target.clock.known {
		f.target.clock = targetClock
	}
	if !f.source.clock.known {
		f.source.clock = sourceClock
	}
	c.together(ctx,
		func(ctx context.Context) { c.probeLogin(ctx, f, user, password) },
		func(ctx context.Context) { c.probeDataPort(ctx, f) },
	)
	if f.learned, err = agent.Learned(ctx, c.opts.Store, method, sourceBytes(f)); err != nil {
		return nil, fmt.Errorf("read earlier seeds: %w", err)
	}
	return f, ctx.Err()
}

// together runs the tasks side by side, each with its own deadline.
func (c *Checks) together(ctx context.Context, tasks ...func(context.Context)) {
	var wait sync.WaitGroup
	for _, task := range tasks {
		wait.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, c.opts.FactTimeout)
			defer cancel()
			task(ctx)
		})
	}
	wait.Wait()
}

func (c *Checks) askAgent(ctx context.Context, h *hostFacts) {
	if h.host == nil {
		h.dataErr = h.unregistered()
		return
	}
	asked := c.opts.Clock.Now()
	h.data, h.dataErr = c.opts.Client.Data(ctx, h.host)
	if h.dataErr != nil {
		h.data = nil
		return
	}
	h.clock = offset(h.data.Clock, asked, c.opts.Clock.Now())
}

// askMySQL returns what MySQL says of its host's clock.
func (c *Checks) askMySQL(ctx context.Context, h *hostFacts) clockOffset {
	if h.host == nil {
		h.mysqlErr = h.unregistered()
		return clockOffset{}
	}
	asked := c.opts.Clock.Now()
	h.mysql, h.mysqlErr = c.opts.Topology.ReadInstance(ctx, h.address())
	if h.mysqlErr != nil {
		h.mysql = nil
		return clockOffset{}
	}
	return offset(h.mysql.Now, asked, c.opts.Clock.Now())
}

// offset compares a host's clock with ours in the middle of the call.
func offset(theirs, asked, answered time.Time) clockOffset {
	if theirs.IsZero() {
		return clockOffset{}
	}
	return clockOffset{ahead: theirs.Sub(asked.Add(answered.Sub(asked) / 2)), known: true}
}

func (c *Checks) probeLogin(ctx context.Context, f *facts, user, password string) {
	switch {
	case f.credentialsErr != nil:
		f.login.why = "there are no credentials to try"
	case f.target.data == nil:
		f.login.why = "the agent on " + f.target.name + " does not answer"
	case !f.target.data.Has(agentapi.AbilityProbe):
		f.login.why = "the agent on " + f.target.name + " can't be asked to try it"
	default:
		at := f.source.address()
		f.login.asked = true
		f.login.result, f.login.err = c.opts.Client.ProbeMySQL(ctx, f.target.fresh(),
			agentapi.ProbeMySQL{Host: at.Host, Port: at.Port, User: user, Password: password})
	}
}

func (c *Checks) probeDataPort(ctx context.Context, f *facts) {
	if !usesDataPort(f) {
		return
	}
	for _, h := range []*hostFacts{f.target, f.source} {
		if h.data == nil {
			f.dataPort.why = "the agent on " + h.name + " does not answer"
			return
		}
		if !h.data.Has(agentapi.AbilityProbe) {
			f.dataPort.why = "the agent on " + h.name + " can't be asked to try it"
			return
		}
	}
	f.dataPort.asked = true
	f.dataPort.result, f.dataPort.err = c.opts.Client.ProbeDataPort(ctx, f.target.fresh(), f.source.fresh())
}

func (h *hostFacts) address() inst.Address {
	return inst.Address{Host: h.host.Info.Hostname, Port: h.host.Info.MySQLPort}
}

// fresh is the agent's row with the facts that it has just given.
func (h *hostFacts) fresh() *agent.Host {
	host := *h.host
	host.Data = h.data
	return &host
}

func (h *hostFacts) unregistered() error {
	return fmt.Errorf("no agent has registered on %s", h.name)
}
