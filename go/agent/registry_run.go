package agent

import (
	"context"
	"sync"
	"time"
)

const (
	// pollEvery is how often agents that are due are looked for; each time pollsAtOnce of them are asked at most, so that
	// a fleet whose facts are all old is not asked all at once: 10,000 take 40 seconds.
	pollEvery   = time.Second
	pollsAtOnce = 256

	// pollers is how many agents are asked side by side, so that a fleet's poll leaves room for seeds; one that takes
	// longer than pollPatience is not counted any more, and given up after factsTime. Agents that did not answer last time
	// have pollers of their own.
	pollers      = 32
	deadPollers  = 8
	pollPatience = 500 * time.Millisecond
	factsTime    = 10 * time.Second
)

// Run polls agents that are due and forgets what is old, until ctx ends.
func (r *Registry) Run(ctx context.Context, leader Leader) {
	var tasks sync.WaitGroup
	defer tasks.Wait()
	tasks.Go(func() { r.keepPolling(ctx, leader, HostActive, newLane(pollers, pollPatience)) })
	tasks.Go(func() { r.keepPolling(ctx, leader, HostInactive, newLane(deadPollers, factsTime)) })
	housekeeping := time.NewTicker(10 * time.Minute)
	defer housekeeping.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-housekeeping.C:
			if _, leading := leader.Leading(); leading {
				r.tidy(ctx)
			}
		}
	}
}

// polling is the agents that are being asked now.
type polling struct {
	mu    sync.Mutex
	hosts map[string]bool
}

func (p *polling) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.hosts)
}

// begin says false for one that is being asked already.
func (p *polling) begin(host string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hosts[host] {
		return false
	}
	p.hosts[host] = true
	return true
}

func (p *polling) end(host string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.hosts, host)
}

// keepPolling asks the agents of one status for their facts whenever those are old.
func (r *Registry) keepPolling(ctx context.Context, leader Leader, status HostStatus, lane *lane) {
	var polls sync.WaitGroup
	defer polls.Wait()
	now := &polling{hosts: map[string]bool{}}
	tick := time.NewTicker(min(pollEvery, r.policy.AgentPoll))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if _, leading := leader.Leading(); leading {
			r.pollDue(ctx, status, lane, now, &polls)
		}
	}
}

// pollDue begins to ask those agents whose facts are the oldest, and waits for none of them. Agents that are still being asked
// since an earlier time count.
func (r *Registry) pollDue(ctx context.Context, status HostStatus, lane *lane, now *polling, polls *sync.WaitGroup) {
	if now.count() >= pollsAtOnce {
		return
	}
	due, err := r.store.HostsDue(ctx, status, r.clock.Now().Add(-r.policy.AgentPoll), pollsAtOnce)
	if err != nil {
		if ctx.Err() == nil {
			r.log.Error("read the agents to poll", "err", err)
		}
		return
	}
	for _, h := range due {
		name := h.Info.Hostname
		if !now.begin(name) {
			continue
		}
		leave, err := lane.enter(ctx, nil)
		if err != nil {
			now.end(name)
			return
		}
		polls.Go(func() {
			defer now.end(name)
			defer leave()
			ask, cancel := context.WithTimeout(ctx, factsTime)
			defer cancel()
			if err := r.pollWith(ctx, ask, h); err != nil && ctx.Err() == nil {
				r.log.Warn("poll agent", "host", name, "err", err)
			}
		})
	}
}

func (r *Registry) tidy(ctx context.Context) {
	now := r.clock.Now()
	gone, err := r.store.ForgetHosts(ctx, now.Add(-r.policy.ForgetAfter))
	if err != nil {
		r.log.Error("forget agents", "err", err)
	}
	for _, host := range gone {
		r.log.Info("agent forgotten", "host", host, "unseen_for", r.policy.ForgetAfter)
	}
	if err := r.store.Purge(ctx, now.Add(-r.policy.SeedHistory), now.Add(-r.policy.AuditHistory)); err != nil {
		r.log.Error("purge old seeds and audit", "err", err)
	}
}
