package agent_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agent/memstore"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient/agentfake"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
)

// world is an engine with a clock that stands still until it is moved, a store in memory, two scripted agents and a
// scripted topology.
type world struct {
	*agent.Engine
	t        *testing.T
	clock    *clock
	store    *memstore.Store
	target   *agentfake.Agent
	source   *agentfake.Agent
	topology *topology
	checks   *checks
	options  agent.Options
}

func newWorld(t *testing.T, change ...func(*agent.Policy)) *world {
	return newWorldOf(t, false, change...)
}

func newWorldOf(t *testing.T, v2 bool, change ...func(*agent.Policy)) *world {
	t.Helper()
	return newWorldWith(t, v2, v2, change...)
}

// newWorldWith says which of the two agents are of others.
func newWorldWith(t *testing.T, targetV2, sourceV2 bool, change ...func(*agent.Policy)) *world {
	t.Helper()
	c := &clock{now: time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC)}
	w := &world{t: t, clock: c, store: memstore.New(c), topology: &topology{lag: 0}, checks: &checks{}}
	w.target = agentfake.New(agentfake.Options{Hostname: "tgt1", V2: targetV2, Now: c.Now})
	w.source = agentfake.New(agentfake.Options{Hostname: "src1", V2: sourceV2, Now: c.Now})
	client := agentfake.NewClient(agentclient.Options{Timeout: 5 * time.Second}, w.target, w.source)
	policy := agent.DefaultPolicy()
	for _, f := range change {
		f(&policy)
	}
	for _, a := range []*agentfake.Agent{w.target, w.source} {
		if err := w.store.SaveHost(context.Background(), a.Host()); err != nil {
			t.Fatal(err)
		}
	}
	w.options = agent.Options{Store: w.store, Client: client, Topology: w.topology, Checks: w.checks, Policy: policy, Clock: c, Node: "node1"}
	w.Engine = agent.New(w.options)
	return w
}

// crash replaces the engine by a new one that knows only what is stored.
func (w *world) crash() { w.Engine = agent.New(w.options) }

func (w *world) begin() int64 {
	w.t.Helper()
	return w.beginBy(agentapi.Mysqldump)
}

func (w *world) beginBy(method agent.Method) int64 {
	w.t.Helper()
	s, err := w.StartSeed(context.Background(), method, "tgt1", "src1", "dba")
	if err != nil {
		w.t.Fatal(err)
	}
	return s.ID
}

func (w *world) seed(id int64) *agent.Seed {
	w.t.Helper()
	s, err := w.store.Seed(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// cycle runs one cycle and checks where it leaves the seed, as "Stage/Status".
func (w *world) cycle(id int64, want string) *agent.Seed {
	w.t.Helper()
	if _, err := w.ProcessSeeds(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	return w.at(id, want)
}

func (w *world) at(id int64, want string) *agent.Seed {
	w.t.Helper()
	s := w.seed(id)
	if have := string(s.Stage) + "/" + string(s.Status); have != want {
		w.t.Fatalf("seed is at %s, want %s (problem: %q)\n%s", have, want, s.Problem.Text, w.history(id))
	}
	return s
}

// walk runs one cycle for each of the places it shall lead to.
func (w *world) walk(id int64, places ...string) *agent.Seed {
	w.t.Helper()
	var s *agent.Seed
	for _, p := range places {
		s = w.cycle(id, p)
	}
	return s
}

// to walks the happy path up to that place.
func (w *world) to(id int64, place string) *agent.Seed {
	w.t.Helper()
	for range 20 {
		s := w.seed(id)
		if string(s.Stage)+"/"+string(s.Status) == place {
			return s
		}
		if _, err := w.ProcessSeeds(context.Background()); err != nil {
			w.t.Fatal(err)
		}
	}
	return w.at(id, place)
}

func (w *world) history(id int64) string {
	rows, err := w.store.SeedStates(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	var lines []string
	for _, r := range rows {
		lines = append([]string{strings.Join([]string{string(r.Stage), r.Host, string(r.Status), r.Details}, " | ")}, lines...)
	}
	return strings.Join(lines, "\n")
}

func (w *world) wantHistory(id int64, texts ...string) {
	w.t.Helper()
	have := w.history(id)
	for _, text := range texts {
		if !strings.Contains(have, text) {
			w.t.Errorf("history lacks %q:\n%s", text, have)
		}
	}
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// topology is a replica that does as it is told.
type topology struct {
	mu          sync.Mutex
	connectErr  error
	stateErr    error
	lag         int64
	state       *inst.ReplicaState // nil: runs, with lag
	connects    int
	disconnects int
	disconnErr  error
	connectedAt agentapi.Metadata
}

func (f *topology) set(change func(*topology)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *topology) ReadInstance(context.Context, inst.Address) (*inst.Instance, error) {
	return nil, errors.New("not needed here")
}

func (f *topology) ConnectReplica(_ context.Context, _, _ inst.Address, at agentapi.Metadata, step func(string)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.connects++
	f.connectedAt = at
	step("Stopping replication")
	if f.connectErr != nil {
		return f.connectErr
	}
	step("Starting replication")
	return nil
}

func (f *topology) ReplicaState(context.Context, inst.Address, inst.Address) (*inst.ReplicaState, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stateErr != nil {
		return nil, f.stateErr
	}
	if f.state != nil {
		st := *f.state
		return &st, nil
	}
	return &inst.ReplicaState{IORunning: true, SQLRunning: true, IOState: "Yes", LagSeconds: f.lag}, nil
}

func (f *topology) DisconnectReplica(context.Context, inst.Address) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.disconnects++
	return f.disconnErr
}

func (f *topology) ReplicationCredentials(context.Context, inst.Address) (string, string, error) {
	return "repl", "secret", nil
}

func (f *topology) ClusterAlias(context.Context, inst.Address) (string, error) { return "shop", nil }

type checks struct {
	list []agent.Check
	err  error
}

func (c *checks) Run(context.Context, agent.Method, string, string) ([]agent.Check, error) {
	return c.list, c.err
}
