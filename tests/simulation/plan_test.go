package simulation

import (
	"slices"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// plan is what a history is made of; all of it follows from the history's number.
type plan struct {
	policy    agent.Policy
	nodes     int // of the service; with two there is a lease
	hosts     []hostPlan
	faultsFor time.Duration // faults end then
	lastAct   time.Duration
	acts      []act
	rate      rates
}

type hostPlan struct {
	name string
	v2   bool // an agent of others
}

// rates are how often things go wrong, in a thousand calls or stages. A history has some kinds of faults and not others.
type rates struct {
	lost, answerLost, late, twice, refused   int // a call to an agent or to MySQL
	storeFails, storeUnclear                 int
	crash                                    int // of the node, at a call
	agentRestart, agentForgets               int // at a call
	stageFails, stagePermanent, stageHangs   int
	mysqlFails, mysqlPermanent               int
	person                                   int // who comes at the moment of a call
	slow, stubborn                           int // stages; ends that take their time
	callbackLost, callbackLate, callbackMore int
}

// act is something that is done at a moment: by a person, or to a machine.
type act struct {
	at     time.Duration
	kind   string
	target string
	source string
	method agent.Method
	node   int
	nth    int // which of the seeds made so far
	force  bool
	lasts  time.Duration
}

var methods = []agent.Method{agentapi.Mysqldump, agentapi.Mydumper, agentapi.Xtrabackup, agentapi.LVM, agentapi.ClonePlugin}

// shortPolicy is the usual policy with minutes become seconds: the ratios are what matters, and histories stay short.
func shortPolicy() agent.Policy {
	p := agent.DefaultPolicy()
	p.Interval, p.MaxRetries = 4*time.Second, 2
	p.StaleAfter, p.UnreachableAfter = 40*time.Second, 15*time.Second
	p.CatchUp = 60 * time.Second
	p.HoldFailed, p.GiveUpRelease = 40*time.Second, 90*time.Second
	return p
}

func newPlan(seed int64) plan {
	d := chance(mix(uint64(seed))).of(0, "plan")
	p := plan{policy: shortPolicy(), nodes: 1}
	p.policy.EventDriven = d.one(3)
	if d.one(3) {
		p.nodes = 2
	}
	p.policy.HoldFailed *= time.Duration(d.below(3)) // none, some, more
	p.policy.MaxPerSource = d.below(3)
	for _, name := range []string{"a", "b", "c", "d", "e"}[:2+d.below(4)] {
		p.hosts = append(p.hosts, hostPlan{name, d.one(6)})
	}
	p.faultsFor = d.between(20*time.Second, 80*time.Second)
	p.rate = newRates(&d)
	p.acts = newActs(&d, p)
	for _, a := range p.acts {
		p.lastAct = max(p.lastAct, a.at)
	}
	return p
}

func newRates(d *draw) rates {
	some := func(of ...int) int { // half of the kinds do not happen at all
		if d.one(2) {
			return 0
		}
		return pick(d, of)
	}
	var r rates
	r.lost, r.answerLost, r.refused = some(5, 30, 150), some(5, 30, 150), some(3, 20)
	r.late, r.twice = some(5, 30), some(5, 30)
	r.storeFails, r.storeUnclear = some(3, 20, 80), some(3, 20, 80)
	r.crash, r.person = some(2, 8, 20), some(2, 8)
	r.agentRestart = some(2, 8, 20)
	r.stageFails, r.stageHangs, r.slow = some(50, 200), some(20, 80), some(50, 200)
	r.mysqlFails = some(20, 100)
	r.stubborn = some(200, 600)
	r.callbackLost, r.callbackLate, r.callbackMore = some(100, 1000), some(200), some(200)
	if d.one(4) {
		r.agentForgets, r.stagePermanent, r.mysqlPermanent = some(2, 8), some(50, 200), some(30)
	}
	return r
}

func newActs(d *draw, p plan) []act {
	var acts []act
	names := make([]string, len(p.hosts))
	for i, h := range p.hosts {
		names[i] = h.name
	}
	add := func(a act) {
		a.node = d.below(p.nodes)
		acts = append(acts, a)
	}
	first := act{kind: "start", at: d.between(0, time.Second), target: "a", source: "b", method: pick(d, methods)}
	add(first)
	kinds := []string{"start", "start", "start", "start", "start", "abort", "abort", "retry", "release", "process", "bandwidth", "agent restarts", "agent stands still",
		"agent is away", "database is away"}
	if p.nodes > 1 {
		kinds = append(kinds, "lease moves", "node stands still")
	}
	if d.one(3) {
		kinds = append(kinds, "node dies")
	}
	if d.one(4) {
		kinds = append(kinds, "agent forgets")
	}
	for range 2 + d.below(12) {
		a := act{kind: pick(d, kinds), at: d.between(time.Second, p.faultsFor), target: pick(d, names), source: pick(d, names),
			method: pick(d, methods), nth: d.below(4), force: d.one(4), lasts: d.between(time.Second, 25*time.Second)}
		add(a)
	}
	slices.SortFunc(acts, func(a, b act) int { return int(a.at - b.at) })
	return acts
}

// bound is how long a seed may still last when nothing goes wrong any more: a stage that hangs is found, each stage is tried
// as often as it may be, and what is left is held and let go.
func (p plan) bound() time.Duration {
	o := p.policy
	once := o.StaleAfter + o.UnreachableAfter + 10*o.Interval + 30*time.Second
	return 3*once + o.StaleAfter + o.CatchUp + o.HoldFailed + o.GiveUpRelease + 2*time.Minute
}
