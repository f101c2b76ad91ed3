package agent_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agent/memstore"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient/agentfake"
)

// registry is one with n registered agents, in a bubble.
func registry(t *testing.T, n int, f func(t *testing.T, r *agent.Registry, s *memstore.Store, agents []*agentfake.Agent)) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New(agent.SystemClock{})
		var agents []*agentfake.Agent
		for i := range n {
			a := agentfake.New(agentfake.Options{Hostname: fmt.Sprint("h", i)})
			agents = append(agents, a)
			if err := s.SaveHost(t.Context(), a.Host()); err != nil {
				t.Fatal(err)
			}
		}
		policy := agent.DefaultPolicy()
		policy.AgentPoll = time.Minute
		r := agent.NewRegistry(agent.Options{Store: s, Client: agentfake.NewClient(agentclient.Options{}, agents...), Policy: policy})
		f(t, r, s, agents)
		for _, a := range agents {
			a.Close()
		}
	})
}

// run runs the registry for that long.
func run(r *agent.Registry, d time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	r.Run(ctx, &leadership{leading: true})
}

func TestAgentsThatHangOrAreGoneHoldUpNoOtherPoll(t *testing.T) {
	registry(t, 400, func(t *testing.T, r *agent.Registry, s *memstore.Store, agents []*agentfake.Agent) {
		for i, a := range agents[:100] {
			if i%2 == 0 {
				a.Break("", agentfake.Hang())
			} else {
				a.Down()
			}
		}
		run(r, 5*time.Minute)
		for i, a := range agents {
			h, err := s.Host(context.Background(), fmt.Sprint("h", i))
			if err != nil {
				t.Fatal(err)
			}
			if i < 100 {
				if h.Status != agent.HostInactive || h.Data == nil || h.LastError == "" {
					t.Fatalf("agent %d, which does not answer, is %s: %q", i, h.Status, h.LastError)
				}
				continue
			}
			if n := a.Count("get-agent-data"); n < 4 || n > 5 || h.Status != agent.HostActive {
				t.Fatalf("agent %d was asked %d times in 5 minutes and is %s", i, n, h.Status)
			}
		}
	})
}

func TestFactsOfAFleetAreAskedForInPortions(t *testing.T) {
	registry(t, 1000, func(t *testing.T, r *agent.Registry, _ *memstore.Store, agents []*agentfake.Agent) {
		<-time.After(time.Hour) // of the bubble: the facts of all are old
		asked := func() (n int) {
			for _, a := range agents {
				n += a.Count("get-agent-data")
			}
			return n
		}
		run(r, 2*time.Second+time.Millisecond)
		if n := asked(); n != 512 {
			t.Errorf("%d were asked in 2 seconds", n)
		}
		run(r, 10*time.Second)
		if n := asked(); n != 1000 {
			t.Errorf("%d were asked", n)
		}
	})
}

func TestFleetThatRegistersAtOnceIsStored(t *testing.T) {
	registry(t, 0, func(t *testing.T, _ *agent.Registry, s *memstore.Store, _ []*agentfake.Agent) {
		var agents []*agentfake.Agent
		for i := range 500 {
			agents = append(agents, agentfake.New(agentfake.Options{Hostname: fmt.Sprint("h", i)}))
		}
		for _, a := range agents[:100] { // they listen only a while after they have registered
			a.Down()
			time.AfterFunc(10*time.Second, a.Up)
		}
		r := agent.NewRegistry(agent.Options{Store: s, Client: agentfake.NewClient(agentclient.Options{}, agents...), Policy: agent.DefaultPolicy()})
		began := time.Now()
		var late time.Duration
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i, a := range agents {
			wg.Go(func() {
				if err := r.Register(context.Background(), a.Host().Info); err != nil {
					t.Error(err)
				}
				if mu.Lock(); i >= 100 {
					late = max(late, time.Since(began))
				}
				mu.Unlock()
			})
		}
		wg.Wait()
		if late > 3*time.Second {
			t.Errorf("one that listened was stored after %s", late)
		}
		for i := range agents {
			h, err := s.Host(context.Background(), fmt.Sprint("h", i))
			if err != nil || h.Data == nil || h.Info.Token == "" {
				t.Fatalf("agent %d: %+v, %v", i, h, err)
			}
		}
	})
}

func TestAgentThatRegistersAgainHasItsSeedLookedAtNow(t *testing.T) {
	scheduled(t, func(t *testing.T, w *world) {
		w.target.Script(agentapi.Backup, agentfake.OnDemand())
		id := w.begin()
		w.until(id, time.Minute, running(agentapi.Backup))
		options := w.options
		options.HostSaved = w.HostSaved
		r := agent.NewRegistry(options)
		<-time.After(time.Minute) // of the bubble: looks are rare
		polls := w.target.Count("seed-stage-state/Backup")
		if err := r.Register(context.Background(), w.target.Host().Info); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Millisecond)
		if w.target.Count("seed-stage-state/Backup") == polls {
			t.Error("the seed waits for its next look")
		}
	})
}
