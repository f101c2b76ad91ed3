package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client/clientfake"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

func someSeeds() []seedapi.Seed {
	base := seedapi.Seed{
		TargetHostname: "db2.example.com", SourceHostname: "db1", SeedMethod: agentapi.Mysqldump, BackupSide: agentapi.Target,
		StartTimestamp: noon.Add(-10 * time.Minute), ReplicaLagSeconds: -1, Bandwidth: -1,
	}
	running, waiting, held, aborted, done := base, base, base, base, base
	running.SeedID, running.Stage, running.Status = 105, agentapi.Backup, agentapi.Running
	running.Progress = seedapi.Progress{Bytes: 3 << 30, Total: 10 << 30, BytesPerSecond: 40 << 20, ETASeconds: 179, What: "dumping shop.orders"}
	running.Bandwidth, running.OldDataText = 50<<20, "Old data of db2.example.com is kept in /var/lib/mysql.old"
	running.Estimate = &seedapi.Estimate{SecondsLeft: 1260, Low: 900, High: 2400, Sure: "medium", Parts: []seedapi.EstimatePart{
		{Stage: agentapi.Backup, Name: "copy", Seconds: 179}, {Stage: agentapi.Restore, Name: "load", Seconds: 1081},
	}}
	running.Hosts = []seedapi.SeedHost{
		{Hostname: "db2.example.com", Side: agentapi.Target, StageStatus: agentapi.Running, Details: "dumping 3 schemas"},
		{Hostname: "db1", Side: agentapi.Source, UnreachableSince: noon.Add(-70 * time.Second)},
	}
	waiting.SeedID, waiting.Stage, waiting.Status, waiting.Retries = 104, agentapi.Prepare, agentapi.Error, 1
	waiting.NotBefore, waiting.ErrorText, waiting.ErrorCode = noon.Add(58*time.Second), "disk full\x1b[31m\nreally", "stage-failed"
	held.SeedID, held.Stage, held.Status, held.Held = 103, agentapi.ConnectSlave, agentapi.Failed, true
	held.HeldUntil, held.EndTimestamp = noon.Add(23*time.Hour), noon.Add(-time.Minute)
	held.ErrorText, held.ErrorCode, held.Hint = "access denied for repl", "replication", "check ReplicationCredentialsQuery"
	held.Hosts = []seedapi.SeedHost{
		{Hostname: "db2.example.com", Side: agentapi.Target, Release: "held"},
		{Hostname: "db1", Side: agentapi.Source, Release: "given up", ReleaseError: "no answer"},
	}
	aborted.SeedID, aborted.Stage, aborted.Status, aborted.ErrorCode = 9, agentapi.Backup, agentapi.Failed, codeAborted
	aborted.EndTimestamp = noon.Add(-9 * time.Minute)
	done.SeedID, done.Stage, done.Status = 8, agentapi.Cleanup, agentapi.Completed
	done.StartTimestamp, done.EndTimestamp = noon.Add(-50*time.Hour), noon.Add(-47*time.Hour)
	return []seedapi.Seed{running, waiting, held, aborted, done}
}

func someAgent() seedapi.Agent {
	return seedapi.Agent{
		Info: agentapi.Info{Hostname: "db1", Port: 3002, MySQLPort: 3306}, Status: "Active", ClusterAlias: "shop",
		MySQLVersion: "10.11.6-MariaDB", LastSeen: noon.Add(-12 * time.Second),
		Data: &agentapi.Data{
			BackupDir: "/backup", BackupDirDiskFree: 79912726528, BackupDirDiskUsed: 4096, MySQLRunning: true,
			MySQLDatadir: "/var/lib/mysql/", MySQLDatadirDiskUsed: 414026207, MySQLDatadirDiskFree: 79912726528,
			MySQLDatabases: map[string]agentapi.Database{
				"small": {Engines: []string{"InnoDB"}, Size: 39911424, Tables: 4}, "empty": {}, "big": {Engines: []string{"InnoDB", "MyISAM"}, Size: 1 << 31},
			},
			AvailiableSeedMethods: map[agentapi.Method]agentapi.MethodOffer{
				agentapi.Xtrabackup: {BackupSide: agentapi.Source, SupportedEngines: []string{"InnoDB"}, BackupToDatadir: true},
				agentapi.Mysqldump:  {BackupSide: agentapi.Target, SupportedEngines: []string{"InnoDB", "MyISAM"}},
			},
			LogicalVolumes: []agentapi.LogicalVolume{{Name: "snap", GroupName: "vg0", Path: "/dev/vg0/snap", IsSnapshot: true, SnapshotPercent: 1.5, CreatedAt: noon.Add(-time.Hour)}},
			MountPoint:     agentapi.Mount{Path: "/mnt/snap"},
			AgentCommands:  []string{"echo", "purge"}, NumCPU: 2, MemTotal: 25222541312, OsName: "Debian GNU/Linux 12 (bookworm)",
		},
	}
}

func TestTablesForPeople(t *testing.T) {
	seeds, agent := someSeeds(), someAgent()
	away := seedapi.Agent{Info: agentapi.Info{Hostname: "db2.example.com"}, Status: "Inactive", LastSeen: noon.Add(-72 * time.Hour), LastError: "connection refused"}
	for name, c := range map[string]struct {
		path   string
		answer any
		args   []string
	}{
		"seeds":        {"seeds", seeds, []string{"seeds"}},
		"seed-running": {"agent-seed-details/105", seeds[0], []string{"agent-seed-details", "105"}},
		"seed-waiting": {"agent-seed-details/104", seeds[1], []string{"agent-seed-details", "104"}},
		"seed-held":    {"agent-seed-details/103", seeds[2], []string{"agent-seed-details", "103"}},
		"agents":       {"agents", []seedapi.Agent{agent, away}, []string{"agents"}},
		"agent":        {"agent/db1", agent, []string{"agent", "db1"}},
		"audit": {"audit", []seedapi.AuditEntry{{AuditTimestamp: noon.Add(-time.Minute), AuditType: "agent-seed", AuditInstanceKey: "db2:3306", User: "ann", Message: "seed 7 from db1"},
			{AuditTimestamp: noon.Add(-2 * time.Minute), AuditType: "register-agent", AuditInstanceKey: "db1", Message: "with a message of more words"}}, []string{"audit"}},
		"status": {"status", seedapi.NodeStatus{Node: "seed1", Version: "1.2.3", IsLeader: true, Leader: "seed1", Backend: "sqlite3", Healthy: true, StartedAt: noon.Add(-3 * time.Hour), ActiveSeeds: 2, Agents: 12}, []string{"status"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 0)
			body, err := json.Marshal(c.answer)
			if err != nil {
				t.Fatal(err)
			}
			w.service.Set("GET "+c.path, clientfake.Answer{Body: string(body)})
			if status := w.run(c.args...); status != ExitOK {
				t.Fatalf("exit status %d: %s", status, w.err)
			}
			golden(t, name+".txt", w.out.String())
		})
	}
}

func TestColoursAreForTerminalsOfPeopleWhoWantThem(t *testing.T) {
	for _, c := range []struct {
		columns int
		noColor string
		args    []string
		want    bool
	}{{0, "", nil, false}, {80, "", nil, true}, {80, "1", nil, false}, {80, "", []string{"--no-color"}, false}} {
		w := newWorld(t, c.columns)
		t.Setenv("NO_COLOR", c.noColor)
		w.service.Set("GET seeds", clientfake.Answer{Body: `[{"SeedID":7,"Status":"Failed"}]`})
		if status := w.run(append(c.args, "seeds")...); status != ExitOK {
			t.Fatal(w.err)
		}
		if got := strings.Contains(w.out.String(), "\x1b[31mFailed\x1b[0m"); got != c.want {
			t.Errorf("%+v: colours %v in %q", c, got, w.out)
		}
	}
}

func TestAWideTableFitsTheTerminalAndLosesNoWord(t *testing.T) {
	w := newWorld(t, 72)
	t.Setenv("NO_COLOR", "1")
	checks, err := json.Marshal([]seedapi.Check{
		{Name: "target-data", Result: "warn", Found: "2 schemas on db2 will be lost, 1.2 GiB: shop (1.2 GiB), a_schema_with_a_name_longer_than_any_column (4 KiB)", Needed: "a target whose data nobody needs", Hint: "see that nobody needs it, or save it first"},
		{Name: "disk", Result: "pass", Found: "10 GiB", Needed: "1 GiB"},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.service.Set("GET agent-seed-check/Mysqldump/db2/db1", clientfake.Answer{Body: string(checks)})
	if status := w.run("agent-seed-check", "Mysqldump", "db2", "db1"); status != ExitOK {
		t.Fatal(w.err)
	}
	for _, line := range strings.Split(w.out.String(), "\n") {
		if n := len([]rune(line)); n > 72 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	golden(t, "checks-narrow.txt", w.out.String())
}
