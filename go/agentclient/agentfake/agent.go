package agentfake

import (
	"slices"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Options of an agent; only Hostname is needed.
type Options struct {
	Hostname  string // for Start a loopback address such as 127.0.0.21
	Port      int    // 0: 3002 in memory, any free one for Start
	MySQLPort int    // 0: 3306
	V2        bool   // speaks as an agent of others
	Token     string // "": a made-up one
	// Data replaces DefaultData.
	Data *agentapi.Data
	// Now is the agent's clock; nil: time.Now.
	Now func() time.Time
	// OnChange is told when Complete or Fail ended a stage, as the call-back of our agents is. No lock is held.
	OnChange func(agentapi.SeedStageState)
}

// Agent is one scripted agent. Its methods may be called from many goroutines, also while it is being called.
type Agent struct {
	opts Options

	mu      sync.Mutex
	data    *agentapi.Data
	mysqlUp bool
	down    bool
	calls   []Call
	rules   []*rule
	seeds   map[int64]*seed
	scripts map[agent.Stage][]Outcome
	meta    agentapi.Metadata
	posted  string
	probes  probes
	refuse  bool                      // abort: says that it can't, as v2 agents do
	freed   []int64                   // seeds released
	starts  map[start]int             // real starts
	doubled []start                   // starts of what still ran
	closed  chan struct{}             // ends calls that hang
	srv     *server                   // nil in memory
	after   []agentapi.SeedStageState // changes to tell once the lock is free
}

type start struct {
	seed    int64
	stage   agent.Stage
	attempt int64
}

// New makes an agent without a listener, for NewClient and Net.
func New(opts Options) *Agent {
	if opts.Port == 0 {
		opts.Port = 3002
	}
	if opts.MySQLPort == 0 {
		opts.MySQLPort = 3306
	}
	if opts.Token == "" {
		opts.Token = "5ec2e70000000000000000000000000000000000000000000000000000000" + "f00"
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	a := &Agent{
		opts: opts, data: opts.Data, mysqlUp: true, seeds: map[int64]*seed{}, scripts: map[agent.Stage][]Outcome{},
		meta: agentapi.Metadata{LogFile: "mysql-bin.000001", LogPos: 542, GtidExecuted: "0-11-1"}, posted: "hello\n",
		starts: map[start]int{}, closed: make(chan struct{}),
	}
	a.probes = probes{mysql: agentapi.ProbeResult{OK: true, Found: "10.11.6-MariaDB"}, port: agentapi.ProbeResult{OK: true}}
	if a.data == nil {
		a.data = DefaultData(opts.V2)
	}
	return a
}

// Host is the agent's row, as a service that has just asked it would have stored it.
func (a *Agent) Host() *agent.Host {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.opts.Now()
	return &agent.Host{
		Info: agentapi.Info{Hostname: a.opts.Hostname, Port: a.opts.Port, Token: a.opts.Token, MySQLPort: a.opts.MySQLPort},
		Data: a.copyData(), LastChecked: now, LastSeen: now, Status: agent.HostActive, MySQLVersion: a.data.MySQLVersion,
	}
}

// Change edits the agent's facts.
func (a *Agent) Change(edit func(d *agentapi.Data)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	edit(a.data)
}

// SetMetadata replaces what get-metadata answers.
func (a *Agent) SetMetadata(m agentapi.Metadata) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.meta = m
}

// SetProbes replaces what probe-mysql and probe-connect answer.
func (a *Agent) SetProbes(mysql, port agentapi.ProbeResult) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.probes = probes{mysql: mysql, port: port}
}

// Down makes the agent unreachable, its state kept; Up brings it back on the same port.
func (a *Agent) Down() { a.setDown(true) }

// Up ends Down.
func (a *Agent) Up() { a.setDown(false) }

func (a *Agent) setDown(down bool) {
	a.mu.Lock()
	a.down = down
	srv := a.srv
	a.mu.Unlock()
	if srv != nil {
		srv.setDown(down)
	}
}

// Forget makes the agent lose all its seeds, and what runs for them, as one that was restarted without a journal.
func (a *Agent) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seeds = map[int64]*seed{}
}

// RefuseAborts makes abort-seed-stage answer as v2 agents do that can't end what they run; the work goes on.
func (a *Agent) RefuseAborts(refuse bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refuse = refuse
}

// copyData needs the lock.
func (a *Agent) copyData() *agentapi.Data {
	d := *a.data
	d.Abilities = slices.Clone(d.Abilities)
	d.MySQLRunning = a.mysqlUp
	return &d
}

// tell reports changes that were noted under the lock.
func (a *Agent) tell() {
	a.mu.Lock()
	changes := a.after
	a.after = nil
	a.mu.Unlock()
	if a.opts.OnChange == nil {
		return
	}
	for _, st := range changes {
		a.opts.OnChange(st)
	}
}

// DefaultData is a host with MariaDB 10.11, 400 MB of data, a disk of 80 GB and every method.
func DefaultData(v2 bool) *agentapi.Data {
	all := []string{"InnoDB", "MyISAM", "MEMORY", "CSV", "ARCHIVE", "BLACKHOLE", "MRG_MYISAM", "FEDERATED", "Aria"}
	offer := func(side agent.Side, toDatadir bool) agentapi.MethodOffer {
		return agentapi.MethodOffer{BackupSide: side, SupportedEngines: all, BackupToDatadir: toDatadir}
	}
	d := &agentapi.Data{
		BackupDir: "/backup", BackupDirDiskFree: 79912726528, BackupDirDiskUsed: 4096,
		MySQLRunning: true, MySQLDatadir: "/var/lib/mysql/", MySQLDatadirDiskUsed: 414026207, MySQLDatadirDiskFree: 79912726528,
		MySQLDatabases: map[string]agentapi.Database{"shop": {Engines: []string{"InnoDB"}, Size: 39911424}},
		AvailiableSeedMethods: map[agent.Method]agentapi.MethodOffer{
			agentapi.Mysqldump: offer(agentapi.Target, false), agentapi.Mydumper: offer(agentapi.Target, false),
			agentapi.Xtrabackup: offer(agentapi.Source, true), agentapi.LVM: offer(agentapi.Source, true),
		},
		AgentCommands: []string{"post-seed-command", "echo"}, NumCPU: 2, MemTotal: 25222541312, OsName: "Debian GNU/Linux 12 (bookworm)",
	}
	if v2 {
		return d
	}
	d.AgentVersion = "1.0.0"
	d.Abilities = []string{agentapi.AbilityAttempts, agentapi.AbilityTokenHeader, agentapi.AbilityRelease,
		agentapi.AbilityProbe, agentapi.AbilityCallback, agentapi.AbilityStream}
	d.ServiceControl = true
	d.MySQLVersion, d.SeedPort, d.MySQLUser = "10.11.6-MariaDB", 21234, "orchestrator-agent"
	return d
}
