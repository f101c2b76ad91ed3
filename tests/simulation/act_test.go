package simulation

import (
	"time"
)

// act does what was planned.
func (w *world) act(a act) {
	w.mu.Lock()
	p := w.nodes[a.node%len(w.nodes)]
	id := int64(a.nth + 1)
	skip := w.over || p.dead
	w.mu.Unlock()
	if skip {
		return
	}
	switch a.kind {
	case "start", "abort", "retry", "release", "process", "bandwidth":
		w.person(p, a, id)
	default:
		w.machine(p, a)
	}
}

// person asks a node for something.
func (w *world) person(p *process, a act, id int64) {
	var err error
	ctx := p.ctx
	switch a.kind {
	case "start":
		if a.target == a.source {
			return
		}
		_, err = p.engine.StartSeed(ctx, a.method, a.target, a.source, "dba")
		w.tell(p.name, "a person starts %s of %s from %s: %v", a.method, a.target, a.source, err)
		return
	case "abort":
		err = p.engine.Abort(ctx, id, a.force, "dba")
	case "retry":
		err = p.engine.Retry(ctx, id, "dba")
	case "release":
		err = p.engine.ReleaseSeed(ctx, id, "dba")
	case "process":
		_, err = p.engine.ProcessSeeds(ctx)
	case "bandwidth":
		err = p.engine.SetBandwidth(ctx, id, 1<<20, "dba")
	}
	w.tell(p.name, "a person asked for %s of seed %d (force: %v): %v", a.kind, id, a.force, err)
}

// machine does something to an agent, a node or the database.
func (w *world) machine(p *process, a act) {
	if a.kind == "node dies" {
		p.die("killed")
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.quiet {
		return
	}
	h, until := w.hosts[a.target], time.Now().Add(a.lasts)
	w.say("world", "%s: %s, %v", a.kind, a.target, a.lasts)
	switch a.kind {
	case "agent restarts":
		h.restart(false)
	case "agent forgets":
		h.restart(true)
	case "agent is away":
		h.restart(false)
		h.downUntil = until
	case "agent stands still":
		h.pausedUntil = until
	case "database is away":
		w.noDatabase = until
	case "lease moves":
		w.moveLease()
	case "node stands still":
		p.pausedUntil = until
		w.messy = true
		if p.leads() {
			time.AfterFunc(leaseTTL, func() {
				w.mu.Lock()
				defer w.mu.Unlock()
				if time.Now().Before(p.pausedUntil) && p.leads() && !w.over {
					w.moveLease()
				}
			})
		}
	}
}

// moveLease gives the lease to another node that lives; w.mu is held.
func (w *world) moveLease() {
	for _, p := range w.nodes {
		if !p.dead && !p.leads() {
			w.lead(p)
			return
		}
	}
}
