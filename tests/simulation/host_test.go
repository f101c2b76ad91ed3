package simulation

import (
	"slices"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// host is a machine with MySQL and an agent, ours or one of others. Its truth is kept here, whatever agent and service say
// of it. Everything is guarded by world.mu.
type host struct {
	w    *world
	name string
	v2   bool

	downUntil, pausedUntil time.Time // of the agent
	seeds                  map[int64]*held
	lost                   map[int64]bool  // seeds of which the agent knew something when it lost its state
	forgot                 map[int64]bool  // seeds that it had let go of when it lost its state
	fences                 map[int64]int64 // attempts that are over, of seeds that the agent did not know
	starts                 map[start]int   // real starts, since the agent's state was lost the last time

	data        int64 // whose data MySQL runs on: orig, erased, or the seed that brought it
	replicaOf   string
	connectedBy int64
	lagAt       time.Time // when it was connected
}

const (
	orig   int64 = 0
	erased int64 = -1
)

type start struct {
	seed    int64
	stage   agent.Stage
	attempt int64
}

// held is what the agent knows of a seed.
type held struct {
	id             int64
	method         agent.Method
	side           agent.Side
	attempt, fence int64
	released       bool
	works          map[agent.Stage]*work
	files          bool  // its directory is there
	receives       bool  // a receiving end is open
	received       bool  // the new data has come
	was            int64 // MySQL's data before the seed
	aside          bool  // that data is kept beside the new
	old            agentapi.OldData
}

// work is the last start of a stage.
type work struct {
	attempt  int64
	began    time.Time
	ends     time.Time // the zero time: it hangs
	failure  *agentapi.SeedStageState
	ended    string // why it was ended before
	code     string
	settled  bool
	stubborn bool // can't be ended at once
	refused  bool // it was told to end, and goes on
}

func newHost(w *world, p hostPlan) *host {
	return &host{w: w, name: p.name, v2: p.v2, seeds: map[int64]*held{}, lost: map[int64]bool{}, forgot: map[int64]bool{}, fences: map[int64]int64{}, starts: map[start]int{}}
}

// registered is the agent's row.
func (h *host) registered() *agent.Host {
	return &agent.Host{Info: agentapi.Info{Hostname: h.name, Port: 3002, Token: "0123456789abcdef", MySQLPort: 3306}, Data: h.facts(), Status: agent.HostActive}
}

func (h *host) facts() *agentapi.Data {
	d := &agentapi.Data{MySQLRunning: true, MySQLDatadirDiskUsed: h.used(), BackupDirDiskUsed: h.used(), AvailiableSeedMethods: map[agent.Method]agentapi.MethodOffer{}}
	for _, m := range methods {
		d.AvailiableSeedMethods[m] = agentapi.MethodOffer{BackupSide: sideOf(m)}
	}
	if !h.v2 {
		d.Abilities = []string{agentapi.AbilityAttempts, agentapi.AbilityRelease, agentapi.AbilityCallback, agentapi.AbilityStream}
	}
	return d
}

func sideOf(m agent.Method) agent.Side {
	if m == agentapi.Xtrabackup || m == agentapi.LVM {
		return agentapi.Source
	}
	return agentapi.Target
}

// keeps says whether the method keeps the old data until the new is proven.
func keeps(m agent.Method) bool { return m != agentapi.Mysqldump && m != agentapi.Mydumper }

// used grows while something moves here.
func (h *host) used() int64 {
	var n int64
	for _, s := range h.seeds {
		for _, w := range s.works {
			if !w.ends.IsZero() {
				n += time.Since(w.began).Milliseconds()
			}
		}
	}
	return n
}

func (h *host) isDown() bool { return time.Now().Before(h.downUntil) }

func (h *host) standsStill() bool {
	h.w.mu.Lock()
	defer h.w.mu.Unlock()
	return time.Now().Before(h.pausedUntil)
}

func (w *world) sortedHosts() []*host {
	var all []*host
	for _, p := range w.plan.hosts {
		all = append(all, w.hosts[p.name])
	}
	return all
}

func (k *work) running() bool {
	return k.ended == "" && (k.ends.IsZero() || time.Now().Before(k.ends))
}

func (k *work) status() agent.Status {
	switch {
	case k.running():
		return agentapi.Running
	case k.ended != "" || k.failure != nil:
		return agentapi.Error
	}
	return agentapi.Completed
}

func (k *work) end(why, code string) {
	if k.running() {
		k.ended, k.code = why, code
	}
}

// settle lets what has completed by now have its effect on the host.
func (h *host) settle() {
	for _, s := range h.ordered() {
		for _, stage := range agentapi.Stages {
			if k := s.works[stage]; k != nil && !k.settled && k.status() == agentapi.Completed {
				k.settled = true
				h.completed(s, stage)
			}
		}
	}
}

func (h *host) ordered() []*held {
	var all []*held
	for _, s := range h.seeds {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *held) int { return int(a.id - b.id) })
	return all
}

func (h *host) completed(s *held, stage agent.Stage) {
	switch {
	case stage == agentapi.Backup && s.side == agentapi.Target:
		s.received, s.receives = true, false
	case stage == agentapi.Restore:
		if keeps(s.method) && h.data != s.id {
			s.aside, s.old = true, agentapi.OldDataAside
		}
		h.data = s.id
		if h.v2 || sideOf(s.method) == agentapi.Source {
			s.receives = false
		}
	case stage == agentapi.Cleanup:
		s.files, s.receives = false, false
		if s.aside {
			s.aside, s.old = false, agentapi.OldDataRemoved
		}
	}
}

func (s *held) finished() bool {
	k := s.works[agentapi.Cleanup]
	return k != nil && k.status() == agentapi.Completed
}

func (s *held) failed() bool {
	for _, k := range s.works {
		if k.status() == agentapi.Error {
			return true
		}
	}
	return false
}

func (s *held) runs() bool {
	for _, k := range s.works {
		if k.running() {
			return true
		}
	}
	return false
}

func (s *held) endAll(why, code string, stubbornToo bool) (left bool) {
	for _, k := range s.works {
		if k.running() && k.stubborn && !stubbornToo {
			left = true
			continue
		}
		k.end(why, code)
	}
	return left
}

// letGo puts back what the seed changed on this host.
func (h *host) letGo(s *held) {
	s.endAll("seed was released", "released", true)
	if !s.finished() && s.aside {
		s.aside, s.old = false, agentapi.OldDataPutBack
		if h.w.sabotage != lyingAgent {
			h.data = s.was
		}
		h.replicaOf, h.connectedBy = "", 0
	}
	s.files, s.receives, s.released = false, false, true
}

// restart is the agent's death and next start: what it ran has ended. One of others, and one whose journal is lost, knows
// nothing afterwards.
func (h *host) restart(forgets bool) {
	h.settle()
	h.w.say(h.name, "agent restarts (forgets: %v)", forgets || h.v2)
	for _, s := range h.seeds {
		s.endAll("agent was restarted", "agent-restarted", true)
		s.receives = false
	}
	if !forgets && !h.v2 {
		return
	}
	for id, s := range h.seeds {
		if s.released {
			h.forgot[id] = true
		} else {
			h.lost[id] = true
		}
	}
	h.seeds, h.starts = map[int64]*held{}, map[start]int{}
}
