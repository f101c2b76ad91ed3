package simulation

import (
	"context"
	"fmt"
	"sync"
	"testing/synctest"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agent/memstore"
)

// world is one history while it happens. It lives in a synctest bubble: its time goes on only when everybody in it waits.
type world struct {
	chance
	plan     plan
	sabotage sabotage
	began    time.Time
	tells    bool                 // keep a log
	forced   map[spot]fate        // what happens at these calls, whatever chance says
	seen     func(c call, s spot) // told of every call

	mu         sync.Mutex
	mem        *memstore.Store
	hosts      map[string]*host
	nodes      []*process // the present incarnation of each service node
	term       int64      // of the lease; 0 when none is used
	rows       map[int64]agent.Seed
	messy      bool          // a command has come late, twice, or from a node that did not lead any more
	lasted     time.Duration // all of the history
	quiet      bool          // no more faults
	over       bool          // the history has ended: nothing has an effect any more
	noDatabase time.Time     // until then the database is away
	broken     []string
	log        []string
	processes  []*process
	carriers   sync.WaitGroup // what is on its way
}

// spot is a call at a moment: it names the same call in every history that is equal up to there.
type spot struct {
	at   time.Duration
	name string
}

func newWorld(seed int64, p plan) *world {
	w := &world{chance: chance(mix(uint64(seed))), plan: p, began: time.Now(), hosts: map[string]*host{}, rows: map[int64]agent.Seed{}}
	w.mem = memstore.New(agent.SystemClock{})
	for _, h := range p.hosts {
		w.hosts[h.name] = newHost(w, h)
		if err := w.mem.SaveHost(context.Background(), w.hosts[h.name].registered()); err != nil {
			w.breaks("save a host: %v", err)
		}
	}
	return w
}

// now is how long the history has lasted.
func (w *world) now() time.Duration { return time.Since(w.began) }

// breaks notes that a rule was broken. Callers hold no lock or w.mu; it takes none.
func (w *world) breaks(format string, args ...any) {
	w.broken = append(w.broken, fmt.Sprintf("%v: ", w.now().Round(time.Millisecond))+fmt.Sprintf(format, args...))
	w.say("BROKEN", format, args...)
}

// say adds a line to the log; w.mu is held, or nobody else is there yet.
func (w *world) say(who, format string, args ...any) {
	if w.tells {
		w.log = append(w.log, fmt.Sprintf("%10.3fs  %-8s %s", w.now().Seconds(), who, fmt.Sprintf(format, args...)))
	}
}

func (w *world) tell(who, format string, args ...any) {
	if w.tells {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.say(who, format, args...)
	}
}

// run lives the history to its end and returns the rules that were broken.
func (w *world) run() []string {
	if w.plan.nodes > 1 {
		w.mu.Lock()
		w.term = 1
		w.mem.SetTerm(1)
		w.mu.Unlock()
	}
	for i := range w.plan.nodes {
		w.boot(i)
	}
	for _, a := range w.plan.acts {
		time.AfterFunc(a.at, func() { w.act(a) })
	}
	w.await(w.plan.faultsFor, false)
	w.calm()
	if !w.await(w.plan.bound(), true) {
		w.mu.Lock()
		w.notEnded()
		w.mu.Unlock()
	}
	w.mu.Lock()
	w.over, w.lasted = true, w.now()
	if len(w.broken) == 0 {
		w.checkEnd()
	}
	all := w.processes
	w.mu.Unlock()
	for _, p := range all {
		p.die("the history is over")
		<-p.ended
	}
	w.carriers.Wait()
	synctest.Wait() // persons hear that the nodes are gone
	return w.broken
}

// await lets time pass, until nothing is left to do if asked for, or a rule is broken; false when the time is over.
func (w *world) await(most time.Duration, forEnd bool) bool {
	until := w.now() + most
	for w.now() < until {
		time.Sleep(time.Second + 37*time.Microsecond) // never at the moment of a tick of the engine: who came first would be luck
		w.mu.Lock()
		enough := len(w.broken) > 0 || (forEnd || w.actsOver()) && w.allEnded()
		w.mu.Unlock()
		if enough {
			return true
		}
	}
	return false
}

// actsOver says whether everything that was planned has been done.
func (w *world) actsOver() bool { return w.now() > w.plan.lastAct+12*time.Second }

// calm ends all faults: agents and nodes come back, and nothing goes wrong from now on.
func (w *world) calm() {
	w.mu.Lock()
	w.quiet = true
	w.say("world", "faults are over")
	now := time.Now()
	for _, h := range w.sortedHosts() {
		if h.downUntil.After(now) {
			h.downUntil = now
		}
		if h.pausedUntil.After(now) {
			h.pausedUntil = now
		}
	}
	w.mu.Unlock()
	for i := range w.plan.nodes {
		w.boot(i)
	}
	time.AfterFunc(leaseTTL, w.elect)
}

// allEnded says whether no seed is live and nothing is held any more.
func (w *world) allEnded() bool {
	for _, s := range w.rows {
		if s.Active() || s.Releasing() {
			return false
		}
	}
	return true
}
