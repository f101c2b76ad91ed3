package agent_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient/agentfake"
)

// counts has the store count its calls by name, until the test ends.
func (w *world) counts() func() map[string]int {
	var mu sync.Mutex
	calls := map[string]int{}
	w.store.FailWith(func(call string) error {
		mu.Lock()
		defer mu.Unlock()
		calls[call]++
		return nil
	})
	return func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		was := calls
		calls = map[string]int{}
		return was
	}
}

func running(stage agent.Stage) func(*agent.Seed) bool {
	return func(s *agent.Seed) bool { return s.Stage == stage && s.Status == agentapi.Running }
}

func TestLookThatFindsNothingNewAsksTheBackendForNothing(t *testing.T) {
	scheduled(t, func(t *testing.T, w *world) {
		w.target.Script(agentapi.Backup, agentfake.OnDemand())
		id := w.begin()
		w.until(id, time.Minute, running(agentapi.Backup))
		<-time.After(time.Minute) // of the bubble
		calls, polls := w.counts(), w.target.Count("seed-stage-state/Backup")
		<-time.After(time.Minute)
		if n := w.target.Count("seed-stage-state/Backup") - polls; n < 30 {
			t.Errorf("%d looks in a minute", n)
		}
		was := calls()
		for _, call := range []string{"Seed", "Seeds", "WorkSeeds", "Host", "Transition"} {
			if was[call] > 0 {
				t.Errorf("%s was called %d times", call, was[call])
			}
		}
		if was["WorkVersions"] > 61 || was["HostsNamed"] > 3 {
			t.Errorf("in a minute: %v", was)
		}
	})
}

func TestChangeBehindTheLeadersBackIsActedUponWithinASecond(t *testing.T) {
	scheduled(t, func(t *testing.T, w *world) {
		w.target.Script(agentapi.Backup, agentfake.OnDemand())
		id := w.begin()
		w.until(id, time.Minute, running(agentapi.Backup))
		w.target.Break("seed-stage-state/Backup", agentfake.Hang())
		<-time.After(3 * time.Second) // of the bubble: a poll hangs by now
		other := w.seed(id)
		other.Status, other.Engine.AbortedBy = agentapi.Aborting, "dba"
		if _, err := w.store.Transition(context.Background(), agent.Fence{}, agent.Transition{Seed: *other}); err != nil {
			t.Fatal(err)
		}
		if took := w.until(id, time.Minute, ended); took > time.Second+20*time.Millisecond {
			t.Errorf("ended %s after another node had asked for it", took)
		}
	})
}

func TestWakeUpOfAnotherNodeIsHeardWithinASecond(t *testing.T) {
	scheduled(t, func(t *testing.T, w *world) {
		w.source.Script(agentapi.Prepare, agentfake.OnDemand())
		id := w.begin()
		w.until(id, time.Minute, running(agentapi.Prepare))
		<-time.After(12 * time.Second) // of the bubble: the source was just asked, and is not again for 10 s
		<-time.After(500 * time.Millisecond)
		w.source.Complete(agentapi.Prepare)
		if err := w.store.WakeSeed(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		if took := w.until(id, time.Minute, func(s *agent.Seed) bool { return s.Stage != agentapi.Prepare }); took > 1100*time.Millisecond {
			t.Errorf("took %s", took)
		}
	})
}

func TestOnlyTheSideThatMovesTheBytesIsAskedAtEachLook(t *testing.T) {
	scheduled(t, func(t *testing.T, w *world) {
		w.target.Script(agentapi.Backup, agentfake.OnDemand())
		w.source.Script(agentapi.Backup, agentfake.OnDemand())
		id := w.beginBy(agentapi.Xtrabackup)
		w.until(id, time.Minute, running(agentapi.Backup))
		<-time.After(time.Minute) // of the bubble
		target, source := w.target.Count("seed-stage-state/Backup"), w.source.Count("seed-stage-state/Backup")
		<-time.After(time.Minute)
		target, source = w.target.Count("seed-stage-state/Backup")-target, w.source.Count("seed-stage-state/Backup")-source
		if target < 39 || source < 5 || source > 6 {
			t.Errorf("in a minute the target was asked %d times, the source %d times", target, source)
		}
		w.source.Fail(agentapi.Backup, "disk on fire") // and its call-back is lost
		if took := w.until(id, time.Minute, func(s *agent.Seed) bool { return s.Status == agentapi.Error }); took > 12*time.Second {
			t.Errorf("the source's error was found after %s", took)
		}
	})
}

func TestEndOfTheTargetsPartHasTheSourceAskedAtOnce(t *testing.T) {
	scheduled(t, func(t *testing.T, w *world) {
		w.target.Script(agentapi.Backup, agentfake.OnDemand())
		w.source.Script(agentapi.Backup, agentfake.OnDemand())
		id := w.beginBy(agentapi.Xtrabackup)
		w.until(id, time.Minute, running(agentapi.Backup))
		<-time.After(5 * time.Second) // of the bubble
		w.source.Complete(agentapi.Backup)
		w.target.Complete(agentapi.Backup)
		if took := w.until(id, time.Minute, func(s *agent.Seed) bool { return s.Stage != agentapi.Backup }); took > 1600*time.Millisecond {
			t.Errorf("the next stage began after %s", took)
		}
	})
}

func TestAgentThatRegisteredWithAnotherTokenIsCalledAgainAtOnce(t *testing.T) {
	w := newWorld(t)
	id := w.begin()
	w.to(id, "Backup/Running")
	again := agentfake.New(agentfake.Options{Hostname: "tgt1", Port: 3003, Token: "another-token-of-64-digits", Now: w.clock.Now})
	w.options.Client = agentfake.NewClient(agentclient.Options{Timeout: time.Second}, again, w.source)
	w.crash()
	if _, err := w.ProcessSeeds(context.Background()); err != nil { // the engine knows the old registration now
		t.Fatal(err)
	}
	w.wantHistory(id, "Agent gives no proper answer")
	if err := w.store.SaveHost(context.Background(), again.Host()); err != nil { // on another node
		t.Fatal(err)
	}
	w.cycle(id, "Backup/Error") // it was called, and does not know the seed
	if n := again.Count("seed-stage-state/Backup"); n != 1 {
		t.Errorf("called %d times", n)
	}
}

func TestNodeThatLeadsNoLongerForgetsItsSeeds(t *testing.T) {
	w := newWorld(t)
	lead := &leadership{leading: true}
	w.options.Leader = lead
	w.crash()
	w.target.Script(agentapi.Backup, agentfake.OnDemand())
	id := w.begin()
	w.to(id, "Backup/Running")
	lead.leading = false
	if _, err := w.ProcessSeeds(context.Background()); err == nil {
		t.Fatal("stepped seeds without leading")
	}
	other := w.seed(id) // the leader of the next term
	other.Status, other.Engine.AbortedBy = agentapi.Aborting, "dba"
	if _, err := w.store.Transition(context.Background(), agent.Fence{}, agent.Transition{Seed: *other}); err != nil {
		t.Fatal(err)
	}
	polls := w.target.Count("seed-stage-state/Backup")
	lead.leading, lead.term = true, 3
	w.cycle(id, "Backup/Failed")
	if n := w.target.Count("seed-stage-state/Backup"); n != polls {
		t.Errorf("went by what it knew from the term before: %d polls", n-polls)
	}
}

type leadership struct {
	term    int64
	leading bool
}

func (l *leadership) Leading() (agent.Fence, bool) { return agent.Fence{Term: l.term}, l.leading }

// fleet is n seeds in Backup, each with two agents of its own.
func (w *world) fleet(n int) (targets []*agentfake.Agent) {
	var agents []*agentfake.Agent
	for i := range n {
		for _, name := range []string{fmt.Sprint("t", i), fmt.Sprint("s", i)} {
			a := agentfake.New(agentfake.Options{Hostname: name, Now: w.options.Clock.Now})
			a.Script(agentapi.Backup, agentfake.OnDemand())
			agents = append(agents, a)
			if err := w.store.SaveHost(context.Background(), a.Host()); err != nil {
				w.t.Fatal(err)
			}
		}
		targets = append(targets, agents[len(agents)-2])
	}
	w.options.Client = agentfake.NewClient(agentclient.Options{Timeout: 10 * time.Minute}, agents...)
	w.options.Policy.MaxPerSource = 0
	w.crash()
	for i := range n {
		if _, err := w.StartSeed(context.Background(), agentapi.Mysqldump, fmt.Sprint("t", i), fmt.Sprint("s", i), "dba"); err != nil {
			w.t.Fatal(err)
		}
	}
	return targets
}

// Ten of a hundred agents hang in every call; the others are asked at every tick, and at once.
func TestAgentsThatHangDelayNoOtherSeed(t *testing.T) {
	for _, eventDriven := range []bool{true, false} {
		t.Run(fmt.Sprintf("event-driven %t", eventDriven), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, func(p *agent.Policy) { p.EventDriven, p.Interval = eventDriven, time.Second })
				w.options.Clock = agent.SystemClock{}
				targets := w.fleet(100)
				for range 4 {
					if _, err := w.ProcessSeeds(context.Background()); err != nil {
						t.Fatal(err)
					}
				}
				for _, a := range targets[:10] {
					a.Break("", agentfake.Hang())
				}
				ctx, cancel := context.WithCancel(context.Background())
				done := make(chan struct{})
				go func() { w.Run(ctx); close(done) }()
				<-time.After(10 * time.Second) // of the bubble
				cancel()
				<-done
				for i, a := range targets[10:] {
					polls := a.Calls("seed-stage-state/Backup")
					if n := len(polls); n < 6 {
						t.Fatalf("agent %d was asked %d times in 10 seconds", i+10, n)
					}
					for j := 1; j < len(polls); j++ {
						if gap := polls[j].At.Sub(polls[j-1].At); gap > 1500*time.Millisecond+50*time.Millisecond {
							t.Fatalf("agent %d was not asked for %s", i+10, gap)
						}
					}
				}
				for _, a := range targets {
					a.Close()
				}
			})
		})
	}
}
