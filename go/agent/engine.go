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
	// HostSaved, if not nil, is told by a Registry of each agent that it stored: the engine's HostSaved.
	HostSaved func(h *Host)
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

	live  live      // the seeds that this node steps, while it leads
	cache hostCache // their agents
	calls *lane     // for looks at seeds, which are calls to agents

	mu   sync.Mutex
	wake map[int64]chan struct{}
	news chan struct{}
}

// callsAtOnce is how many seeds are looked at side by side; a look that takes longer than callPatience is not counted.
const (
	callsAtOnce  = 128
	callPatience = 250 * time.Millisecond
)

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
	e := &Engine{
		store: o.Store, topology: o.Topology, checks: o.Checks, policy: o.Policy, events: o.Events, meter: o.Meter,
		clock: o.Clock, leader: o.Leader, log: o.Log, node: o.Node,
		calls: newLane(callsAtOnce, callPatience), wake: map[int64]chan struct{}{}, news: make(chan struct{}, 1),
	}
	e.client = &current{AgentClient: o.Client, store: o.Store, cache: &e.cache, clock: o.Clock}
	return e
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
// says that the seeds could not be read; what goes wrong with one seed is logged and is no one else's concern. The seeds are
// shared: the caller does not change them.
func (e *Engine) ProcessSeeds(ctx context.Context) ([]*Seed, error) {
	return e.cycle(ctx)
}

// cycle steps every seed that there is something to do for, and waits for all of them.
func (e *Engine) cycle(ctx context.Context) ([]*Seed, error) {
	began := time.Now()
	seeds, err := e.work(ctx)
	if err != nil {
		return nil, err
	}
	var steps sync.WaitGroup
	for i, s := range seeds {
		leave, err := e.turn(ctx, s, nil)
		if err != nil {
			break
		}
		steps.Go(func() {
			defer leave()
			if after := e.stepIn(ctx, s, Observation{Due: true}, leave); after != nil {
				seeds[i] = after
			}
		})
	}
	steps.Wait()
	e.meter.Cycle(time.Since(began), len(seeds))
	return seeds, ctx.Err()
}

// work returns the seeds that there is something to do for, as they are stored now.
func (e *Engine) work(ctx context.Context) ([]*Seed, error) {
	fence, leading := e.leader.Leading()
	if !leading {
		e.live.clear()
		return nil, &OpError{Code: "not-leader", Op: "process seeds", Text: "another node is the leader and steps the seeds", Err: ErrFenced}
	}
	if _, err := e.refresh(ctx, fence); err != nil {
		return nil, err
	}
	return e.live.all(), nil
}

// turn waits until the seed may be looked at. One with an agent that is known not to answer waits for nobody, and nobody for
// it; overdue is called when the look takes so long that it is not waited for any more.
func (e *Engine) turn(ctx context.Context, s *Seed, overdue func()) (leave func(), err error) {
	for _, h := range s.Engine.Hosts {
		if !h.UnreachableSince.IsZero() || h.ReleaseError != "" {
			if overdue != nil {
				overdue()
			}
			return func() {}, nil
		}
	}
	return e.calls.enter(ctx, overdue)
}

// stepIn is step for a cycle: what goes wrong is logged. It returns the seed after the step; nil when the step was dropped.
func (e *Engine) stepIn(ctx context.Context, s *Seed, obs Observation, looked func()) *Seed {
	after, err := e.stepped(ctx, s.ID, obs, looked)
	if err != nil && ctx.Err() == nil && !errors.Is(err, context.Canceled) {
		e.log.Error("step seed", "seed", s.ID, "stage", s.Stage, "status", s.Status, "err", err)
	}
	return after.seed
}

// stepped is what became of one step.
type stepped struct {
	seed  *Seed // as stored after the step; nil when it was dropped
	moved bool
}

// step takes one step of one seed: observe, decide, record. A seed that someone else moved in the meantime is left alone.
func (e *Engine) step(ctx context.Context, id int64, obs Observation) (stepped, error) {
	return e.stepped(ctx, id, obs, func() {})
}

// stepped is step, and calls looked when all agents that it asked have answered.
func (e *Engine) stepped(ctx context.Context, id int64, obs Observation, looked func()) (stepped, error) {
	ctx, unlock := e.steps.lock(ctx, id)
	defer unlock()
	fence, leading := e.leader.Leading()
	if !leading {
		return stepped{}, ErrFenced
	}
	s, err := e.seed(ctx, fence, id)
	if err != nil {
		return stepped{}, err
	}
	if !s.Active() && !s.Releasing() {
		return stepped{seed: s}, nil
	}
	if err := e.observe(ctx, s, &obs); err != nil {
		return stepped{}, err
	}
	looked()
	if ctx.Err() != nil { // what failed because of that is no fact; every call may be made again
		e.live.call(id)
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

// seed is the seed as it was last stored: from memory, or else read.
func (e *Engine) seed(ctx context.Context, fence Fence, id int64) (*Seed, error) {
	if s := e.live.of(fence, id); s != nil {
		return s, nil
	}
	s, err := e.store.Seed(ctx, id)
	if err == nil {
		e.live.put(fence, s)
	}
	return s, err
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
	after, err := e.transition(ctx, fence, t)
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

// transition stores a move and remembers the row, if this node steps seeds. Whatever goes wrong, the row is read before the
// next step.
func (e *Engine) transition(ctx context.Context, fence Fence, t Transition) (*Seed, error) {
	own, leading := e.leader.Leading()
	if !leading {
		return e.store.Transition(ctx, fence, t)
	}
	done := e.live.storing(own, t.Seed.ID)
	defer done()
	after, err := e.store.Transition(ctx, fence, t)
	if err != nil {
		e.live.forget(t.Seed.ID)
		return nil, err
	}
	e.live.put(own, after)
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
