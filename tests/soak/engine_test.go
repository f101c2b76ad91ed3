package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient/agentfake"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
	"github.com/orchestrator-seed/orchestrator-seed/go/store"
)

// soaked is how many seeds the engine is soaked with.
const soaked = 150

// TestSeedsWithoutEndLeaveNothingInTheEngine runs the engine's own scheduler on a real SQLite file with fake agents, one seed
// after the other, and looks for what grows.
func TestSeedsWithoutEndLeaveNothingInTheEngine(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	file := filepath.Join(t.TempDir(), "seed.sqlite3")
	backend, err := store.Open(ctx, store.Options{Dialect: "sqlite3", Path: file})
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	target, source := agentfake.New(agentfake.Options{Hostname: "tgt1"}), agentfake.New(agentfake.Options{Hostname: "src1"})
	for _, a := range []*agentfake.Agent{target, source} {
		if err := backend.SaveHost(ctx, a.Host()); err != nil {
			t.Fatal(err)
		}
	}
	engine := agent.New(agent.Options{Store: backend, Client: agentfake.NewClient(agentclient.Options{Timeout: 5 * time.Second}, target, source),
		Topology: replica{}, Checks: replica{}, Policy: agent.DefaultPolicy()})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		engine.Run(ctx)
	}()
	s := &sampler{}
	for n := range soaked {
		if n%10 == 3 { // one seed in ten fails, and is released
			source.Script(agentapi.Prepare, agentfake.Outcome{Fail: "made up", Permanent: true})
		} else {
			source.Script(agentapi.Prepare, agentfake.Outcome{})
		}
		soakOne(ctx, t, engine, backend)
		target.ForgetCalls()
		source.ForgetCalls()
		if n%5 == 4 {
			s.sampleSelf(t, file)
		}
	}
	stop()
	<-ended
	t.Log("\n" + table(s.all))
	for _, figure := range s.all {
		if text := figure.grows(); text != "" {
			t.Error(text)
		}
	}
}

// soakOne starts a seed and waits until it has ended and is released.
func soakOne(ctx context.Context, t *testing.T, engine *agent.Engine, backend *store.Store) {
	t.Helper()
	made, err := engine.StartSeed(ctx, agentapi.Mysqldump, "tgt1", "src1", "soak")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		s, err := backend.Seed(ctx, made.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !s.Active() && !s.Releasing() {
			return
		}
		engine.Wake(made.ID) // no agent calls back here
		<-look.C
	}
}

// sampleSelf looks at this process.
func (s *sampler) sampleSelf(t *testing.T, file string) {
	t.Helper()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	descriptors, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	s.add("heap after collection", "KiB", bound{factor: 1.1, step: 128}, float64(m.HeapAlloc)/1024)
	s.add("goroutines", "", countBound, float64(runtime.NumGoroutine()))
	s.add("descriptors", "open", countBound, float64(len(descriptors)))
	s.add("backend: size", "KiB", bound{factor: 1.1, step: 256, perSeed: 5 * 12}, float64(info.Size())/1024)
}

// replica is a topology in which everything works at once, and checks that pass.
type replica struct{}

var errNotHere = errors.New("not needed here")

func (replica) Run(context.Context, agent.Method, string, string) ([]agent.Check, error) {
	return nil, nil
}
func (replica) ReadInstance(context.Context, inst.Address) (*inst.Instance, error) {
	return nil, errNotHere
}
func (replica) ConnectReplica(_ context.Context, _, _ inst.Address, _ agentapi.Metadata, step func(string)) error {
	step("Starting replication")
	return nil
}
func (replica) ReplicaState(context.Context, inst.Address, inst.Address) (*inst.ReplicaState, error) {
	return &inst.ReplicaState{IORunning: true, SQLRunning: true, IOState: "Yes"}, nil
}
func (replica) DisconnectReplica(context.Context, inst.Address) error { return nil }
func (replica) ReplicationCredentials(context.Context, inst.Address) (string, string, error) {
	return "", "", errNotHere
}
func (replica) ClusterAlias(context.Context, inst.Address) (string, error) { return "", nil }
