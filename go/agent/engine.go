package agent

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
)

// Options is everything an Engine needs. Only Store, Client, Topology and Checks are required.
type Options struct {
	Store    Store
	Client   AgentClient
	Topology Topology
	Checks   Checks
	Policy   Policy
	Events   Events
	Meter    Meter
	Clock    Clock
	Leader   Leader
	Log      *slog.Logger
	Node     string // this service node's name, for the audit
}

// Engine steps seeds. All its methods may be called from many goroutines.
type Engine struct {
	store    Store
	client   AgentClient
	topology Topology
	checks   Checks
	policy   Policy
	events   Events
	meter    Meter
	clock    Clock
	leader   Leader
	log      *slog.Logger
	node     string

	// steps lets one goroutine of this process step a seed at a time; a person's word interrupts the step under way, so
	// that it need not wait for a call that hangs. An interrupted step records nothing.
	steps keyedLocks[int64]
	// starts makes the checks and the insert of a seed one critical section for each of its hosts.
	starts keyedLocks[string]

	mu   sync.Mutex
	wake map[int64]chan struct{}
	news chan struct{}
}

// New returns an engine; Run starts its scheduler, the other methods work without it.
func New(o Options) *Engine {
	if o.Events == nil {
		o.Events = quiet{}
	}
	if o.Meter == nil {
		o.Meter = quiet{}
	}
	if o.Clock == nil {
		o.Clock = SystemClock{}
	}
	if o.Leader == nil {
		o.Leader = quiet{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Engine{
		store: o.Store, client: o.Client, topology: o.Topology, checks: o.Checks, policy: o.Policy, events: o.Events, meter: o.Meter,
		clock: o.Clock, leader: o.Leader, log: o.Log, node: o.Node,
		wake: map[int64]chan struct{}{}, news: make(chan struct{}, 1),
	}
}

// SystemClock is the real time, in UTC and without a monotonic part, as it is stored.
type SystemClock struct{}

// Now is the time now.
func (SystemClock) Now() time.Time { return time.Now().UTC().Round(0) }

// quiet stands in for what nobody listens to: no events, no figures, a node that leads alone.
type quiet struct{}

func (quiet) SeedChanged(*Seed)                             {}
func (quiet) StateAdded(StageState)                         {}
func (quiet) HostChanged(*Host)                             {}
func (quiet) StageEnded(Stage, Method, bool, time.Duration) {}
func (quiet) AgentCall(string, time.Duration, error)        {}
func (quiet) Cycle(time.Duration, int)                      {}
func (quiet) Leading() (Fence, bool)                        { return Fence{}, true }

// ProcessSeeds runs one cycle: every seed that is active, or still holds something on an agent, takes exactly one step, all
// side by side; one that waits for its retry takes it now. It returns the seeds as they stand after their step. The error
// says that the seeds could not be read; what goes wrong with one seed is logged and is no one else's concern.
func (e *Engine) ProcessSeeds(ctx context.Context) ([]*Seed, error) {
	return e.cycle(ctx, true)
}

func (e *Engine) cycle(ctx context.Context, due bool) ([]*Seed, error) {
	if _, leading := e.leader.Leading(); !leading {
		return nil, &OpError{Code: "not-leader", Op: "process seeds", Text: "another node is the leader and steps the seeds", Err: ErrFenced}
	}
	began := time.Now()
	seeds, err := e.store.WorkSeeds(ctx)
	if err != nil {
		return nil, err
	}
	var wg sync.WaitGroup
	for i, s := range seeds {
		wg.Go(func() {
			if after, err := e.step(ctx, s.ID, Observation{Due: due}); err != nil {
				e.log.Error("step seed", "seed", s.ID, "stage", s.Stage, "status", s.Status, "err", err)
			} else if after.seed != nil {
				seeds[i] = after.seed
			}
		})
	}
	wg.Wait()
	e.meter.Cycle(time.Since(began), len(seeds))
	return seeds, nil
}

// stepped is what became of one step.
type stepped struct {
	seed  *Seed // as stored after the step; nil when it was dropped
	moved bool
}

// step takes one step of one seed: observe, decide, record. A seed that someone else moved in the meantime is left alone.
func (e *Engine) step(ctx context.Context, id int64, obs Observation) (stepped, error) {
	ctx, unlock := e.steps.lock(ctx, id)
	defer unlock()
	fence, leading := e.leader.Leading()
	if !leading {
		return stepped{}, ErrFenced
	}
	s, err := e.store.Seed(ctx, id)
	if err != nil {
		return stepped{}, err
	}
	if !s.Active() && !s.Releasing() {
		return stepped{seed: s}, nil
	}
	if err := e.observe(ctx, s, &obs); err != nil {
		return stepped{}, err
	}
	if ctx.Err() != nil { // what failed because of that is no fact; every call may be made again
		return stepped{}, ctx.Err()
	}
	d, err := Decide(s, obs, e.clock.Now(), e.policy)
	if err != nil {
		return stepped{}, err
	}
	if !d.Changed {
		return stepped{seed: s}, nil
	}
	after, err := e.record(ctx, fence, s, d)
	if errors.Is(err, ErrConflict) {
		return stepped{}, nil
	}
	if err != nil {
		return stepped{}, err
	}
	e.abortSides(ctx, s, d.Abort)
	return stepped{seed: after, moved: d.Moved}, nil
}

// record stores a decision and tells those who listen.
func (e *Engine) record(ctx context.Context, fence Fence, before *Seed, d Decision) (*Seed, error) {
	// What has been observed is written even if the caller goes away now.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	return e.write(ctx, fence, before, d)
}

// write is record for as long as ctx lasts.
func (e *Engine) write(ctx context.Context, fence Fence, before *Seed, d Decision) (*Seed, error) {
	t := Transition{Seed: d.Seed, Rows: d.Rows, Audit: d.Audit, EndDowntime: d.EndDowntime}
	if before.Status == agentapi.Failed && d.Event == EventRetryAsked {
		t.BeginDowntime = e.downtime(ctx, before.TargetHost)
	}
	after, err := e.store.Transition(ctx, fence, t)
	if err != nil {
		return nil, err
	}
	if d.Moved {
		e.log.Info("seed moved", "seed", after.ID, "event", string(d.Event), "stage", after.Stage, "status", after.Status,
			"attempt", after.Attempt, "problem", after.Problem.Text)
	}
	if d.Event == EventStageCompleted || d.Event == EventStageFailed {
		took := e.clock.Now().Sub(before.Engine.StageStartedAt)
		e.meter.StageEnded(before.Stage, before.Method, d.Event == EventStageCompleted, took)
	}
	e.events.SeedChanged(after)
	for _, row := range d.Rows {
		e.events.StateAdded(row)
	}
	return after, nil
}

func (e *Engine) downtime(ctx context.Context, host string) *Downtime {
	port := 0
	if h, err := e.store.Host(ctx, host); err == nil {
		port = h.Info.MySQLPort
	}
	now := e.clock.Now()
	return &Downtime{Host: host, Port: port, Owner: "orchestrator-agent", Reason: "seed-in-process", Begin: now, End: now.Add(e.policy.Downtime)}
}

// address is where the host's MySQL listens.
func address(h *Host) inst.Address {
	return inst.Address{Host: h.Info.Hostname, Port: h.Info.MySQLPort}
}
