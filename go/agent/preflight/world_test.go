package preflight

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
)

const (
	gib = int64(1) << 30
	mib = int64(1) << 20
)

var errGone = errors.New("connection refused")

// goodFacts are two hosts between which every method would pass every check without a warning.
func goodFacts(method agent.Method) *facts {
	engines := []string{"InnoDB", "MyISAM", "Aria"}
	offers := map[agent.Method]agentapi.MethodOffer{}
	for _, m := range agentapi.Methods {
		offers[m] = agentapi.MethodOffer{BackupSide: agentapi.Target, SupportedEngines: engines}
	}
	host := func(name string, id int64) *hostFacts {
		return &hostFacts{
			name: name,
			host: &agent.Host{Info: agentapi.Info{Hostname: name, Port: 3002, MySQLPort: 3306, Token: "t"}},
			data: &agentapi.Data{
				AgentVersion: "1.0.0", Abilities: []string{agentapi.AbilityProbe}, MySQLUser: "agent", MySQLRunning: true,
				BackupDir: "/backup", BackupDirDiskFree: 80 * gib, MySQLDatadir: "/var/lib/mysql/",
				MySQLDatadirDiskFree: 60 * gib, MySQLDatadirDiskUsed: 12 * gib, ServiceControl: true,
				AvailiableSeedMethods: offers,
				ToolVersions:          map[string]string{"mariabackup": "mariabackup based on MariaDB server 10.11.6-MariaDB debian-linux-gnu (x86_64)"},
				LogicalVolumes:        []agentapi.LogicalVolume{{Name: "data"}, {Name: "snap", IsSnapshot: true}},
			},
			mysql: &inst.Instance{
				Version:  inst.Version{Flavour: inst.MariaDB, Major: 10, Minor: 11, Patch: 6, Text: "10.11.6-MariaDB"},
				ServerID: id, LogBin: true, PageSize: 16384, Accounts: []string{"'root'@'localhost'", "'agent'@'127.0.0.1'"},
			},
			clock: clockOffset{known: true},
		}
	}
	f := &facts{
		method: method, target: host("tgt1", 2), source: host("src1", 1),
		policy:   Policy{MaxActiveSeedsPerSource: 1},
		login:    probe{asked: true, result: agentapi.ProbeResult{OK: true}},
		dataPort: probe{asked: true, result: agentapi.ProbeResult{OK: true}},
	}
	f.source.data.MySQLDatabases = map[string]agentapi.Database{"shop": {Engines: []string{"InnoDB", "MyISAM", "InnoDB"}, Size: 10 * gib}}
	f.source.mysql.Schemas = map[string]int64{"shop": 10 * gib}
	return f
}

// the edits that take facts away
func noSourceMySQL(f *facts) { f.source.mysql, f.source.mysqlErr = nil, errGone }
func noTargetMySQL(f *facts) { f.target.mysql, f.target.mysqlErr = nil, errGone }
func noSourceData(f *facts)  { f.source.data, f.source.dataErr = nil, errGone }
func noTargetData(f *facts)  { f.target.data, f.target.dataErr = nil, errGone }

// targetIsDown: the target's agent says that MySQL does not run, and the service gets no connection.
func targetIsDown(f *facts) {
	lower := 0
	f.target.mysql, f.target.mysqlErr = nil, &agent.OpError{Code: inst.CodeUnreachable, Op: "read MySQL", Text: "could not be read"}
	f.target.data.MySQLRunning, f.target.data.MySQLDatabases = false, map[string]agentapi.Database{}
	f.target.data.MySQLNoted = &agentapi.MySQLNote{Version: "10.11.6-MariaDB", ServerID: 2, PageSize: 16384, LowerCaseTableNames: &lower}
}

// unnoted: the same, of a server whose version alone is known.
func unnoted(f *facts) {
	targetIsDown(f)
	f.target.data.MySQLNoted = &agentapi.MySQLNote{Version: "10.11.6-MariaDB"}
}

func oldSchema(f *facts) { f.target.mysql.Schemas = map[string]int64{"old": gib} }

func seedOf(id int64, target, source string, status agent.Status) *agent.Seed {
	return &agent.Seed{ID: id, TargetHost: target, SourceHost: source, Stage: agentapi.Backup, Status: status}
}

func held(id int64, target, source string) *agent.Seed {
	s := seedOf(id, target, source, agentapi.Failed)
	s.Engine.Hosts = map[agent.Side]*agent.HostState{agentapi.Target: {Release: agent.ReleaseHeld}}
	return s
}

func outcome(t *testing.T, f *facts, name string) (agent.Check, bool) {
	t.Helper()
	for _, c := range judge(f) {
		if c.Name == name {
			return c, true
		}
	}
	return agent.Check{}, false
}

func hours(n int64) int64 { return n * int64(time.Hour/time.Second) }

// mysql80 makes both servers MySQL 8.0 of these patch levels.
func mysql80(f *facts, target, source int) {
	for h, patch := range map[*hostFacts]int{f.target: target, f.source: source} {
		h.mysql.Version = inst.Version{Flavour: inst.MySQL, Major: 8, Patch: patch, Text: fmt.Sprintf("8.0.%d", patch)}
	}
}
