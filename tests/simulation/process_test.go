package simulation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

// leaseTTL is how long nobody leads after the leader has died.
const leaseTTL = 5 * time.Second

var errKilled = errors.New("the process was killed")

// process is one life of a service node, from its start to its death.
type process struct {
	w      *world
	node   int
	name   string
	engine *agent.Engine
	ctx    context.Context // of everything it does
	cancel context.CancelFunc
	died   chan struct{}
	ended  chan struct{} // Run has returned

	// Guarded by w.mu.
	dead        bool
	pausedUntil time.Time
	term        int64 // under which it believes to lead; 0: it does not
}

// boot starts the node, unless it runs.
func (w *world) boot(i int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over || i < len(w.nodes) && !w.nodes[i].dead {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{w: w, node: i, name: fmt.Sprintf("node%d", i+1), ctx: ctx, cancel: cancel, died: make(chan struct{}), ended: make(chan struct{})}
	if i < len(w.nodes) {
		w.nodes[i] = p
	} else {
		w.nodes = append(w.nodes, p)
		if i == 0 {
			p.term = w.term
		}
	}
	w.processes = append(w.processes, p)
	p.engine = agent.New(agent.Options{Store: &store{w.mem, p}, Client: &client{p}, Topology: &topology{p}, Checks: checks{p}, Policy: w.plan.policy,
		Clock: agent.SystemClock{}, Leader: p, Node: p.name})
	w.say(p.name, "starts")
	go func() {
		defer close(p.ended)
		p.engine.Run(ctx)
	}()
}

// Leading implements agent.Leader.
func (p *process) Leading() (agent.Fence, bool) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	if p.w.plan.nodes == 1 {
		return agent.Fence{}, true
	}
	return agent.Fence{Term: p.term}, p.term > 0
}

// leads says whether the node is the one that owns the seeds now, whatever it believes; w.mu is held.
func (p *process) leads() bool { return !p.dead && p.term == p.w.term }

// die ends the process like kill -9: what it has sent is on its way, and it does nothing any more.
func (p *process) die(why string) {
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.dead {
		return
	}
	p.dead = true
	w.say(p.name, "is dead: %s", why)
	close(p.died)
	p.cancel()
	if w.over {
		return
	}
	d := w.of(w.now(), p.name, "comes back")
	time.AfterFunc(d.between(50*time.Millisecond, 8*time.Second), func() { w.boot(p.node) })
	time.AfterFunc(leaseTTL, w.elect)
}

// elect makes a living node the leader when there is none.
func (w *world) elect() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.plan.nodes == 1 || w.over {
		return
	}
	var free *process
	for _, p := range w.nodes {
		if p.leads() {
			return
		}
		if !p.dead && free == nil {
			free = p
		}
	}
	if free == nil {
		time.AfterFunc(leaseTTL, w.elect)
		return
	}
	w.lead(free)
}

// lead gives the lease to that node; w.mu is held. The one that had it may go on to believe for a while that it leads.
func (w *world) lead(p *process) {
	w.term++
	w.mem.SetTerm(w.term)
	w.say(p.name, "leads under term %d", w.term)
	for _, old := range w.nodes {
		if old == p || old.term == 0 {
			continue
		}
		d := w.of(w.now(), old.name, "believes on")
		w.messy = true
		time.AfterFunc(d.between(0, 10*time.Second), func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			if old.term != w.term {
				old.term = 0
				w.say(old.name, "knows that it does not lead")
			}
		})
	}
	p.term = w.term
}

// awake returns when the process may go on: it is dead (an error), or not stopped. What waited for that goes on one by one.
func (p *process) awake(who call) error {
	for {
		p.w.mu.Lock()
		dead, wait := p.dead, time.Until(p.pausedUntil)
		p.w.mu.Unlock()
		switch {
		case dead:
			return errKilled
		case wait <= 0:
			return nil
		}
		d := p.w.of(p.w.now(), p.name, "awake", who.kind, who.host, digits(who.seed))
		wait += d.between(0, time.Millisecond)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-p.died:
			timer.Stop()
		}
	}
}

// sleep lets time pass for this process; an error when it died or ctx ended meanwhile.
func (p *process) sleep(ctx context.Context, who call, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return p.awake(who)
	case <-p.died:
		return errKilled
	case <-ctx.Done():
		return ctx.Err()
	}
}
