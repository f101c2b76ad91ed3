package simulation

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// ways are how a call can go wrong.
func ways(c call) []fate {
	switch c.to {
	case "agent":
		return []fate{lost, answerLost, late, twice, refused, crashBefore, crashAfter, agentRestart, agentForgets, abortNow, forceNow, boundNow}
	case "mysql":
		return []fate{lost, answerLost, late, twice, refused, permanent, crashAfter, abortNow, forceNow}
	}
	if c.writes {
		return []fate{fails, unclear, crashBefore, crashAfter, abortNow}
	}
	return []fate{fails, crashBefore}
}

// plain is the life of one seed in which nothing goes wrong by chance.
func plain(method agent.Method, eventDriven bool, others string) plan {
	p := plan{policy: shortPolicy(), nodes: 1, faultsFor: 4 * time.Minute}
	p.policy.EventDriven = eventDriven
	for _, name := range []string{"a", "b"} {
		p.hosts = append(p.hosts, hostPlan{name, strings.Contains(others, name)})
	}
	p.acts = []act{{kind: "start", at: 10 * time.Millisecond, target: "a", source: "b", method: method}}
	return p
}

// trial is one fault, or two, in a plain life.
type trial struct {
	spots []spot
	fates []fate
}

func (r trial) String() string {
	var all []string
	for i, s := range r.spots {
		all = append(all, fmt.Sprintf("at %v, %s: %s", s.at, s.name, r.fates[i]))
	}
	return strings.Join(all, "; then ")
}

// step is a call that a life made.
type step struct {
	spot
	call call
}

// lived lives the plain life with these faults; it returns the calls it made, in their order.
func (r trial) lived(t *testing.T, p plan, tells bool) (steps []step, w *world, broken []string) {
	var mu sync.Mutex
	w, broken = live(t, 1, p, func(w *world) {
		w.tells, w.forced = tells, map[spot]fate{}
		for i, s := range r.spots {
			w.forced[s] = r.fates[i]
		}
		w.seen = func(c call, s spot) {
			mu.Lock()
			defer mu.Unlock()
			steps = append(steps, step{s, c})
		}
	})
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.name, b.name)) })
	return steps, w, broken
}

// next are the trials that have one more fault, after the last one of this.
func (r trial) next(steps []step) (all []trial) {
	for _, s := range steps {
		if n := len(r.spots); n > 0 && s.at <= r.spots[n-1].at || s.call.kind == "list" || s.call.kind == "versions" {
			continue
		}
		for _, f := range ways(s.call) {
			all = append(all, trial{append(slices.Clone(r.spots), s.spot), append(slices.Clone(r.fates), f)})
		}
	}
	return all
}

// TestEachCallOfALifeFailsInEachOfItsWays: the k-th call, for every k.
func TestEachCallOfALifeFailsInEachOfItsWays(t *testing.T) {
	for name, p := range map[string]plan{
		"dump":                         plain(agentapi.Mysqldump, false, ""),
		"copy, event-driven":           plain(agentapi.Xtrabackup, true, ""),
		"copy":                         plain(agentapi.Xtrabackup, false, ""),
		"dump by agents of others":     plain(agentapi.Mydumper, false, "ab"),
		"copy by an agent of others":   plain(agentapi.LVM, false, "b"),
		"copy to an agent of others":   plain(agentapi.LVM, false, "a"),
		"clone, a step every interval": plain(agentapi.ClonePlugin, false, ""),
	} {
		t.Run(name, func(t *testing.T) {
			steps, w, broken := trial{}.lived(t, p, false)
			if len(broken) > 0 || w.rows[1].Status != agentapi.Completed {
				t.Fatalf("a plain life does not complete: %v", broken)
			}
			n := try(t, p, some(trial{}.next(steps)), nil)
			t.Logf("%d calls, %d lives with one fault", len(steps), n)
		})
	}
}

// TestEachPairOfFaultsInAShortLife tries every n-th of all pairs.
func TestEachPairOfFaultsInAShortLife(t *testing.T) {
	p := plain(agentapi.Xtrabackup, false, "")
	p.policy.MaxRetries = 1
	steps, _, _ := trial{}.lived(t, p, false)
	var pairs, lives atomic.Int64
	began := time.Now()
	try(t, p, some(trial{}.next(steps)), func(first trial, steps []step) {
		for _, second := range first.next(steps) {
			if pairs.Add(1)%int64(*flagPairs) == 0 {
				lives.Add(1)
				_, _, broken := second.lived(t, p, false)
				second.judge(t, p, broken)
			}
		}
	})
	fmt.Fprintf(os.Stderr, "simulation: %d of %d pairs of faults in %.1f s\n", lives.Load(), pairs.Load(), time.Since(began).Seconds())
}

// some are the trials that there is time for: with the race detector, which makes them slow, not all.
func some(all []trial) (kept []trial) {
	for i := 0; i < len(all); i += eachTrial {
		kept = append(kept, all[i])
	}
	return kept
}

// try lives all trials, on every processor, and returns how many.
func try(t *testing.T, p plan, trials []trial, then func(trial, []step)) int {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for !t.Failed() {
				i := int(next.Add(1)) - 1
				if i >= len(trials) {
					return
				}
				steps, _, broken := trials[i].lived(t, p, false)
				trials[i].judge(t, p, broken)
				if then != nil {
					then(trials[i], steps)
				}
			}
		})
	}
	wg.Wait()
	return len(trials)
}

func (r trial) judge(t *testing.T, p plan, broken []string) {
	if len(broken) == 0 {
		return
	}
	_, w, _ := r.lived(t, p, true)
	t.Errorf("%v breaks rules:\n  %s\n%s", r, strings.Join(broken, "\n  "), strings.Join(w.log, "\n"))
}
