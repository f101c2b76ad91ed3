package simulation

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

var (
	flagSeed  = flag.Int64("sim.seed", 0, "live this one history and tell it call by call")
	flagFrom  = flag.Int64("sim.from", 1, "the first of the random histories")
	flagTime  = flag.Duration("sim.time", usualTime, "how long random histories are tried")
	flagPairs = flag.Int("sim.pairs", usualPairs, "try each n-th pair of faults; 1: every pair")
)

// live runs one history in a bubble of its own.
func live(t *testing.T, seed int64, p plan, change func(*world)) (w *world, broken []string) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		w = newWorld(seed, p)
		if change != nil {
			change(w)
		}
		broken = w.run()
	})
	return w, broken
}

// TestRandomHistoriesKeepTheRules lives as many random histories as there is time for.
func TestRandomHistoriesKeepTheRules(t *testing.T) {
	if *flagSeed != 0 {
		tellOne(t, *flagSeed)
		return
	}
	var next, lived, seeds atomic.Int64
	var moments, failures atomic.Int64
	next.Store(*flagFrom - 1)
	began, spentBefore := time.Now(), processorTime()
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for time.Since(began) < *flagTime && failures.Load() < 5 {
				n := next.Add(1)
				w, broken := live(t, n, newPlan(n), nil)
				lived.Add(1)
				seeds.Add(int64(len(w.rows)))
				moments.Add(int64(w.lasted))
				if len(broken) > 0 {
					failures.Add(1)
					t.Errorf("history %d breaks rules:\n  %s\nreplay: go test ./tests/simulation -run RandomHistories -sim.seed %d", n, strings.Join(broken, "\n  "), n)
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	spent := processorTime() - spentBefore
	fmt.Fprintf(os.Stderr, "simulation: %d histories with %d seeds and %v of their time in %.1f s (race detector: %v): %.0f a minute; %.0f a minute of one processor\n",
		lived.Load(), seeds.Load(), time.Duration(moments.Load()).Round(time.Hour), took.Seconds(), withRace,
		float64(lived.Load())/took.Minutes(), float64(lived.Load())/spent.Minutes())
}

// processorTime is what this process has used so far: the figure that other load on the machine does not change.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func tellOne(t *testing.T, n int64) {
	w, broken := live(t, n, newPlan(n), func(w *world) { w.tells = true })
	t.Logf("history %d: %d nodes, hosts %+v, rates %+v, event-driven %v, hold %v\n%s", n, w.plan.nodes, w.plan.hosts, w.plan.rate,
		w.plan.policy.EventDriven, w.plan.policy.HoldFailed, strings.Join(w.log, "\n"))
	if len(broken) > 0 {
		t.Errorf("history %d breaks rules:\n  %s", n, strings.Join(broken, "\n  "))
	}
}

// TestAHistoryIsTheSameEachTime: replaying is worth something.
func TestAHistoryIsTheSameEachTime(t *testing.T) {
	for n := *flagFrom; n < *flagFrom+sameHistories; n++ {
		var logs [2]string
		for i := range logs {
			w, _ := live(t, n, newPlan(n), func(w *world) { w.tells = true })
			logs[i] = strings.Join(w.log, "\n")
		}
		if logs[0] != logs[1] {
			t.Fatalf("history %d was told in two ways:\n%s", n, firstDifference(logs[0], logs[1]))
		}
	}
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return strings.Join(x[max(0, i-10):i], "\n") + "\n- " + x[i] + "\n+ " + y[i]
		}
	}
	return fmt.Sprintf("one has %d lines, the other %d", len(x), len(y))
}
