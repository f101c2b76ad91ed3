package agent

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

const (
	// hostAge is for how long an agent's registration is believed without looking: a call that fails looks at once.
	hostAge = 30 * time.Second
	// hostRefresh is the age at which registrations are read anew in the background, all together.
	hostRefresh = 20 * time.Second
)

// hosts are the two agents of a seed as registered; a side is missing when its agent is not known any more.
type hosts map[Side]*Host

// hostCache holds the registrations of the agents that live seeds need; of their facts only what calls need. The zero value
// is ready.
type hostCache struct {
	mu    sync.Mutex
	hosts map[string]cachedHost
}

type cachedHost struct {
	host   *Host // shared: never changed
	readAt time.Time
}

// get returns the host if it was read after that time.
func (c *hostCache) get(name string, after time.Time) *Host {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h, ok := c.hosts[name]; ok && h.readAt.After(after) {
		return h.host
	}
	return nil
}

func (c *hostCache) put(h *Host, now time.Time) *Host {
	kept := trimmed(h)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hosts == nil {
		c.hosts = map[string]cachedHost{}
	}
	c.hosts[h.Info.Hostname] = cachedHost{kept, now}
	return kept
}

// drop forgets a host; it says whether it was there.
func (c *hostCache) drop(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, had := c.hosts[name]
	delete(c.hosts, name)
	return had
}

// keep forgets all hosts but those, and returns the names of those that are missing or were read before that time.
func (c *hostCache) keep(needed map[string]bool, before time.Time) (old []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name := range c.hosts {
		if !needed[name] {
			delete(c.hosts, name)
		}
	}
	for name := range needed {
		if h, ok := c.hosts[name]; !ok || h.readAt.Before(before) {
			old = append(old, name)
		}
	}
	slices.Sort(old)
	return old
}

// trimmed is the host without what only pages and checks need: the lists of databases, volumes and tools may be long.
func trimmed(h *Host) *Host {
	kept := *h
	if h.Data == nil {
		return &kept
	}
	d := h.Data
	kept.Data = &agentapi.Data{
		AgentVersion: d.AgentVersion, Abilities: d.Abilities, AgentCommands: d.AgentCommands, SeedPort: d.SeedPort,
		MySQLDatadirDiskUsed: d.MySQLDatadirDiskUsed, MySQLRunning: d.MySQLRunning, MySQLVersion: d.MySQLVersion,
	}
	return &kept
}

// hosts returns the seed's two agents, from memory if they were read lately.
func (e *Engine) hosts(ctx context.Context, s *Seed) (hosts, error) {
	known, now := hosts{}, e.clock.Now()
	var missing []string
	for _, side := range agentapi.Sides {
		if h := e.cache.get(s.Host(side), now.Add(-hostAge)); h != nil {
			known[side] = h
		} else {
			missing = append(missing, s.Host(side))
		}
	}
	if len(missing) == 0 {
		return known, nil
	}
	read, err := e.store.HostsNamed(ctx, missing)
	if err != nil {
		return nil, err
	}
	for _, h := range read {
		kept := e.cache.put(h, now)
		for _, side := range agentapi.Sides {
			if s.Host(side) == h.Info.Hostname {
				known[side] = kept
			}
		}
	}
	return known, nil
}

// freshHosts reads the agents of all live seeds that are not known or were read some time ago, with one query.
func (e *Engine) freshHosts(ctx context.Context) error {
	needed := map[string]bool{}
	for _, s := range e.live.all() {
		needed[s.TargetHost], needed[s.SourceHost] = true, true
	}
	now := e.clock.Now()
	old := e.cache.keep(needed, now.Add(-hostRefresh))
	if len(old) == 0 {
		return nil
	}
	read, err := e.store.HostsNamed(ctx, old)
	if err != nil {
		return err
	}
	for _, h := range read {
		e.cache.put(h, now)
	}
	return nil
}

// HostSaved tells the engine that an agent's registration or its facts were stored on this node. Its seeds are looked at now.
func (e *Engine) HostSaved(h *Host) {
	name := h.Info.Hostname
	if !e.cache.drop(name) {
		return
	}
	for _, s := range e.live.all() {
		if concerns(s, name) {
			e.Wake(s.ID)
		}
	}
}
