package preflight

import (
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agent/estimate"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
)

// story is one check on facts that differ from good ones in one thing.
type story struct {
	check  string
	name   string
	method agent.Method // "": Mysqldump
	edit   func(f *facts)
	want   agent.CheckResult
	says   string // in Found, Needed or Hint
}

var replica = &inst.ReplicaState{SourceHost: "src0"}

var stories = []story{
	{"method-known", "a word nobody knows", "Rsync", nil, agent.Fail, `"Rsync"`},
	{"agents-known", "the target has no agent", "", func(f *facts) { f.target.host = nil }, agent.Fail, "no agent has registered on tgt1"},
	{"agents-known", "neither has one", "", func(f *facts) { f.target.host, f.source.host = nil, nil }, agent.Fail, "tgt1 and src1"},
	{"agents-answer", "the source's is silent", "", noSourceData, agent.Fail, "connection refused"},
	{"mysql-answers", "the target's is down", "", noTargetMySQL, agent.Fail, "MySQL on tgt1"},
	{"mysql-answers", "the error has its own hint", "", func(f *facts) {
		f.source.mysql, f.source.mysqlErr = nil, &agent.OpError{Text: "access denied", Hint: "create the account"}
	}, agent.Fail, "create the account"},
	{"mysql-answers", "the target's is down, but a dump needs it", "Mydumper", targetIsDown, agent.Fail, "Xtrabackup and LVM"},
	{"mysql-answers", "the target's is down, and a clone needs it", "ClonePlugin", targetIsDown, agent.Fail, "does not run"},
	{"mysql-answers", "the target's is down and will be built anew", "Xtrabackup", targetIsDown, agent.Warn, "it is 10.11.6-MariaDB"},
	{"mysql-answers", "the target's is down and nothing is known of it", "LVM", func(f *facts) {
		targetIsDown(f)
		f.target.data.MySQLNoted = nil
	}, agent.Warn, "nothing is known"},
	{"mysql-answers", "the service can't reach the target's, which runs", "Xtrabackup", func(f *facts) {
		targetIsDown(f)
		f.target.data.MySQLRunning = true
	}, agent.Fail, "could not be read"},
	{"mysql-answers", "the target's answers the service by a refusal", "Xtrabackup", func(f *facts) {
		targetIsDown(f)
		f.target.mysqlErr = &agent.OpError{Code: inst.CodeCredentials, Text: "access denied"}
	}, agent.Fail, "access denied"},
	{"mysql-answers", "an agent of others says that the target's is down", "Xtrabackup", func(f *facts) {
		targetIsDown(f)
		f.target.data.AgentVersion = ""
	}, agent.Fail, "could not be read"},
	{"mysql-answers", "both are down", "Xtrabackup", func(f *facts) {
		targetIsDown(f)
		noSourceMySQL(f)
	}, agent.Fail, "MySQL on src1"},
	{"server-id-differs", "the target is down, as noted", "Xtrabackup", targetIsDown, agent.Pass, "2 on the target"},
	{"server-id-differs", "the target is down, noted is the source's", "Xtrabackup", func(f *facts) {
		targetIsDown(f)
		f.target.data.MySQLNoted.ServerID = 1
	}, agent.Fail, "server_id is 1"},
	{"server-id-differs", "the target is down, not noted", "Xtrabackup", unnoted, agent.Warn, "not known"},
	{"page-size", "the target is down, not noted", "Xtrabackup", unnoted, agent.Warn, "not known"},
	{"page-size", "the target is down, noted is another", "Xtrabackup", func(f *facts) {
		targetIsDown(f)
		f.target.data.MySQLNoted.PageSize = 4096
	}, agent.Fail, "4.0 KiB"},
	{"lower-case-table-names", "the target is down, not noted", "LVM", unnoted, agent.Warn, "not known"},
	{"same-flavour", "the target is down, nothing noted", "LVM", func(f *facts) {
		targetIsDown(f)
		f.target.data.MySQLNoted = nil
	}, agent.Warn, "not known"},
	{"version-not-older", "the target is down, noted is older", "Xtrabackup", func(f *facts) {
		targetIsDown(f)
		f.target.data.MySQLNoted.Version = "10.6.1-MariaDB"
	}, agent.Fail, "10.6.1"},
	{"tool-version", "the target is down", "Xtrabackup", targetIsDown, agent.Pass, "10.11"},
	{"target-not-replica", "the target is down", "Xtrabackup", targetIsDown, agent.Warn, "does not run"},
	{"target-not-replica", "the target merely can't be reached", "Xtrabackup", noTargetMySQL, agent.Fail, "could not be read"},
	{"target-no-replicas", "the target is down", "LVM", targetIsDown, agent.Warn, "does not run"},
	{"target-data", "the target is down", "Xtrabackup", targetIsDown, agent.Warn, "12.0 GiB in /var/lib/mysql/ will be lost"},
	{"hosts-differ", "one host", "", func(f *facts) { f.target.name = "SRC1." }, agent.Fail, "target and source"},

	{"method-offered", "the target does not", "", func(f *facts) {
		f.target.data.AvailiableSeedMethods = map[agent.Method]agentapi.MethodOffer{"LVM": {BackupSide: agentapi.Source}}
	}, agent.Fail, "tgt1 does not offer Mysqldump, but LVM"},
	{"method-offered", "sides differ", "", func(f *facts) {
		f.target.data.AvailiableSeedMethods = map[agent.Method]agentapi.MethodOffer{"Mysqldump": {BackupSide: agentapi.Source}}
	}, agent.Fail, "on the Source"},
	{"method-offered", "a side nobody knows", "", func(f *facts) {
		f.target.data.AvailiableSeedMethods = map[agent.Method]agentapi.MethodOffer{"Mysqldump": {BackupSide: "Left"}}
	}, agent.Fail, `"Left"`},
	{"method-offered", "facts missing", "", noTargetData, agent.Fail, "not known"},

	{"engines-supported", "an engine that it does not copy", "", func(f *facts) {
		f.source.data.MySQLDatabases["logs"] = agentapi.Database{Engines: []string{"TokuDB"}}
	}, agent.Fail, "TokuDB (in logs)"},
	{"engines-supported", "an empty server", "", func(f *facts) { f.source.data.MySQLDatabases = nil }, agent.Pass, "no tables"},
	{"engines-supported", "tables unknown", "", func(f *facts) {
		f.source.data.MySQLDatabases, f.source.data.MySQLError = nil, "access denied"
	}, agent.Fail, "access denied"},
	{"engines-supported", "facts missing", "", noSourceData, agent.Fail, "not known"},

	{"same-flavour", "MariaDB to MySQL", "", func(f *facts) { f.target.mysql.Version.Flavour = inst.MySQL }, agent.Fail, "tgt1 runs MySQL"},
	{"same-flavour", "facts missing", "", noSourceMySQL, agent.Fail, "not known"},
	{"version-not-older", "older target", "", func(f *facts) { f.target.mysql.Version.Minor = 6 }, agent.Fail, "upgrade"},
	{"version-not-older", "older patch is as good", "", func(f *facts) { f.target.mysql.Version.Patch = 1 }, agent.Pass, "10.11"},
	{"version-not-older", "newer target, dump", "", func(f *facts) { f.target.mysql.Version.Major = 11 }, agent.Pass, "10.11"},
	{"version-not-older", "newer target, files", agentapi.Xtrabackup, func(f *facts) { f.target.mysql.Version.Major = 11 }, agent.Warn, "mariadb-upgrade"},
	{"version-not-older", "newer target, clone", agentapi.ClonePlugin, func(f *facts) { f.target.mysql.Version.Major = 11 }, agent.Fail, "CLONE copies between no others"},
	{"version-not-older", "another patch, clone of an old 8.0", agentapi.ClonePlugin, func(f *facts) { mysql80(f, 36, 35) }, agent.Fail, "8.0.37"},
	{"version-not-older", "another patch, clone", agentapi.ClonePlugin, func(f *facts) { mysql80(f, 40, 37) }, agent.Pass, "8.0.40"},
	{"version-not-older", "facts missing", "", noTargetMySQL, agent.Fail, "not known"},

	{"page-size", "another one", agentapi.LVM, func(f *facts) { f.target.mysql.PageSize = 8192 }, agent.Fail, "8.0 KiB on the target"},
	{"page-size", "facts missing", agentapi.LVM, noTargetMySQL, agent.Fail, "not known"},
	{"lower-case-table-names", "another one, files", agentapi.LVM, func(f *facts) { f.target.mysql.LowerCaseTableNames = 1 }, agent.Fail, "1 on the target"},
	{"lower-case-table-names", "another one, dump", "", func(f *facts) { f.target.mysql.LowerCaseTableNames = 1 }, agent.Warn, "1 on the target"},
	{"lower-case-table-names", "facts missing", "", noSourceMySQL, agent.Fail, "not known"},

	{"tool-version", "another series", agentapi.Xtrabackup, func(f *facts) {
		f.source.data.ToolVersions = map[string]string{"mariabackup": "mariabackup based on MariaDB server 10.5.1-MariaDB"}
	}, agent.Fail, "series 10.5"},
	{"tool-version", "an agent of others", agentapi.Xtrabackup, func(f *facts) { f.target.data.ToolVersions = nil }, agent.Warn, "does not say"},
	{"tool-version", "no number in it", agentapi.Xtrabackup, func(f *facts) {
		f.target.data.ToolVersions = map[string]string{"mariabackup": "sh: not found"}
	}, agent.Warn, "sh: not found"},
	{"tool-version", "facts missing", agentapi.Xtrabackup, noTargetMySQL, agent.Fail, "not known"},

	{"source-binlog", "off", "", func(f *facts) { f.source.mysql.LogBin = false }, agent.Fail, "off at src1"},
	{"source-binlog", "facts missing", "", noSourceMySQL, agent.Fail, "not known"},
	{"source-log-updates", "a replica without", "", func(f *facts) { f.source.mysql.Replica = replica }, agent.Fail, "src0"},
	{"source-log-updates", "a replica with", "", func(f *facts) {
		f.source.mysql.Replica, f.source.mysql.LogReplicaUpdates = replica, true
	}, agent.Pass, "src0"},
	{"source-log-updates", "facts missing", "", noSourceMySQL, agent.Fail, "not known"},
	{"server-id-differs", "the same", "", func(f *facts) { f.target.mysql.ServerID = 1 }, agent.Fail, "1 on the target and 1 on the source"},
	{"server-id-differs", "not set", "", func(f *facts) { f.target.mysql.ServerID = 0 }, agent.Fail, "0 on the target"},
	{"server-id-differs", "facts missing", "", noTargetMySQL, agent.Fail, "not known"},
	{"target-not-replica", "it is one", "", func(f *facts) { f.target.mysql.Replica = replica }, agent.Fail, "replica of src0"},
	{"target-not-replica", "left by a held seed", "", func(f *facts) {
		f.target.mysql.Replica = replica
		held := seedOf(4, "tgt1", replica.SourceHost, agentapi.Failed)
		held.Stage = agentapi.ConnectSlave
		held.Engine.Hosts = map[agent.Side]*agent.HostState{agentapi.Target: {Release: agent.ReleaseHeld}}
		f.seeds = []*agent.Seed{held}
	}, agent.Pass, "seed 4"},
	{"target-not-replica", "facts missing", "", noTargetMySQL, agent.Fail, "not known"},
	{"target-no-replicas", "it has one", "", func(f *facts) { f.target.mysql.Replicas = []string{"r1"} }, agent.Fail, "r1"},
	{"target-no-replicas", "facts missing", "", noTargetMySQL, agent.Fail, "not known"},

	{"no-active-seed", "target of another", "", func(f *facts) { f.seeds = []*agent.Seed{seedOf(4, "tgt1", "x", agentapi.Running)} }, agent.Fail, "seed 4"},
	{"no-active-seed", "target read by another", "", func(f *facts) { f.seeds = []*agent.Seed{seedOf(4, "x", "tgt1", agentapi.Error)} }, agent.Fail, "seed 4"},
	{"no-active-seed", "source being seeded", "", func(f *facts) { f.seeds = []*agent.Seed{seedOf(4, "src1", "x", agentapi.Aborting)} }, agent.Fail, "seed 4"},
	{"no-active-seed", "source read by another", "", func(f *facts) { f.seeds = []*agent.Seed{seedOf(4, "x", "src1", agentapi.Running)} }, agent.Fail, "MaxActiveSeedsPerSource"},
	{"no-active-seed", "two are allowed", "", func(f *facts) {
		f.policy.MaxActiveSeedsPerSource = 2
		f.seeds = []*agent.Seed{seedOf(4, "x", "src1", agentapi.Running)}
	}, agent.Pass, ""},
	{"no-active-seed", "too many altogether", "", func(f *facts) {
		f.policy.MaxActiveSeeds = 1
		f.seeds = []*agent.Seed{seedOf(4, "x", "y", agentapi.Running)}
	}, agent.Fail, "fewer than 1 active seed"},
	{"no-active-seed", "failed ones do not count", "", func(f *facts) { f.seeds = []*agent.Seed{held(4, "tgt1", "src1")} }, agent.Pass, ""},
	{"held-seed", "one is held on the target", "", func(f *facts) { f.seeds = []*agent.Seed{held(4, "tgt1", "x")} }, agent.Warn, "seed 4"},
	{"held-seed", "one is held elsewhere", "", func(f *facts) { f.seeds = []*agent.Seed{held(4, "a", "b")} }, agent.Pass, ""},

	{"data-fits", "the disk is too small", "", func(f *facts) { f.target.data.MySQLDatadirDiskFree = 9 * gib }, agent.Fail, "free 1.0 GiB on the disk"},
	{"data-fits", "what is erased makes room", "", func(f *facts) {
		f.target.data.MySQLDatadirDiskFree, f.target.mysql.Schemas = 9*gib, map[string]int64{"old": 2 * gib}
	}, agent.Pass, "2.0 GiB to be erased"},
	{"data-fits", "the dump is on the same disk", "", func(f *facts) {
		f.target.data.MySQLDatadirDiskFree, f.target.data.BackupDirDiskFree = 15*gib, 15*gib
	}, agent.Fail, "6.0 GiB for the dump"},
	{"data-fits", "files beside the old ones", agentapi.Xtrabackup, nil, agent.Pass, "beside the old data"},
	{"data-fits", "files in the place of the old ones, not allowed", agentapi.Xtrabackup, func(f *facts) {
		f.target.data.MySQLDatadirDiskFree = 5 * gib
	}, agent.Fail, "allow-erase"},
	{"data-fits", "files in the place of the old ones", agentapi.Xtrabackup, func(f *facts) {
		f.target.data.MySQLDatadirDiskFree, f.target.data.AllowErase = 5*gib, true
	}, agent.Warn, "erased before the new data is proven"},
	{"data-fits", "files that do not fit at all", agentapi.Xtrabackup, func(f *facts) {
		f.target.data.MySQLDatadirDiskFree, f.target.data.MySQLDatadirDiskUsed = 5*gib, 0
	}, agent.Fail, "free 7.5 GiB"},
	{"data-fits", "files beside the old ones, but for the margin", agentapi.LVM, func(f *facts) {
		f.target.data.MySQLDatadirDiskFree = 12*gib + 256*mib
	}, agent.Fail, "allow-erase is off"},
	{"service-control", "the agent has none", agentapi.LVM, func(f *facts) {
		f.target.data.ServiceControl = false
		f.target.data.Abilities = append(f.target.data.Abilities, agentapi.AbilityStream)
	}, agent.Fail, "service-stop-command"},
	{"service-control", "an agent of others", agentapi.LVM, func(f *facts) { f.target.data.ServiceControl = false }, agent.Warn, "does not say"},
	{"service-control", "facts missing", agentapi.LVM, noTargetData, agent.Fail, "not known"},
	{"data-fits", "an agent of others erases", agentapi.Xtrabackup, func(f *facts) { f.target.data.AgentVersion = "" }, agent.Warn, "v2"},
	{"data-fits", "source's size unknown", "", func(f *facts) { noSourceMySQL(f); f.source.data.MySQLDatabases = nil }, agent.Fail, "not known"},
	{"data-fits", "files of unknown size", agentapi.LVM, func(f *facts) { f.source.data.MySQLDatadirDiskUsed = 0 }, agent.Fail, "not known"},
	{"data-fits", "facts missing", "", noTargetData, agent.Fail, "not known"},
	{"backup-dir-fits", "too small", "", func(f *facts) { f.target.data.BackupDirDiskFree = 5 * gib }, agent.Fail, "free 1.0 GiB there"},
	{"backup-dir-fits", "none named", "", func(f *facts) { f.target.data.BackupDir = "" }, agent.Fail, "backup-dir"},
	{"backup-dir-fits", "source's size unknown", "", func(f *facts) { noSourceMySQL(f); noSourceData(f) }, agent.Fail, "not known"},
	{"backup-dir-fits", "facts missing", "", noTargetData, agent.Fail, "not known"},

	{"replication-credentials", "none", "", func(f *facts) { f.credentialsErr = errGone }, agent.Fail, "connection refused"},
	{"replication-credentials", "wrong", "", func(f *facts) { f.login.result = agentapi.ProbeResult{Error: "access denied"} }, agent.Fail, "access denied"},
	{"replication-credentials", "no answer", "", func(f *facts) { f.login.err = errGone }, agent.Fail, "could not be tried"},
	{"replication-credentials", "an agent of others", "", func(f *facts) { f.login = probe{why: "it can't be asked"} }, agent.Warn, "can't be asked"},
	{"accounts-on-source", "missing there", "", func(f *facts) { f.source.mysql.Accounts = []string{"'root'@'localhost'", "'agent2'@'%'"} }, agent.Fail, "no account agent"},
	{"accounts-on-source", "an agent of others", "", func(f *facts) { f.target.data.MySQLUser = "" }, agent.Warn, "does not say"},
	{"accounts-on-source", "the agent there uses another one", agentapi.Xtrabackup, func(f *facts) { f.source.data.MySQLUser = "backup" }, agent.Warn, "its own agent uses backup"},
	{"accounts-on-source", "the agent there uses another one, dump", "", func(f *facts) { f.source.data.MySQLUser = "backup" }, agent.Pass, "has the agent's account"},
	{"accounts-on-source", "not readable", "", func(f *facts) { f.source.mysql.Accounts = nil }, agent.Warn, "mysql.user"},
	{"accounts-on-source", "facts missing", "", noSourceMySQL, agent.Fail, "not known"},
	{"data-port", "closed", agentapi.Xtrabackup, func(f *facts) { f.dataPort.result = agentapi.ProbeResult{Error: "timed out"} }, agent.Fail, "timed out"},
	{"data-port", "an agent of others", agentapi.Xtrabackup, func(f *facts) { f.dataPort = probe{why: "it can't be asked"} }, agent.Warn, "can't be asked"},
	{"data-port", "no answer", agentapi.LVM, func(f *facts) { f.dataPort.err = errGone }, agent.Fail, "could not be tried"},

	{"donor-name", "an IPv6 address", agentapi.ClonePlugin, func(f *facts) { f.source.name = "2001:db8::1" }, agent.Fail, "advertise-address"},
	{"donor-name", "an IPv4 address", agentapi.ClonePlugin, func(f *facts) { f.source.name = "192.0.2.1" }, agent.Pass, "192.0.2.1"},
	{"query-log", "the target's general log shows passwords", "", func(f *facts) { f.target.mysql.LogsPasswords = true }, agent.Warn, "general_log"},
	{"query-log", "the source's does, which is sent none", "", func(f *facts) { f.source.mysql.LogsPasswords = true }, agent.Pass, "tgt1"},
	{"query-log", "the target is down", "Xtrabackup", targetIsDown, agent.Warn, "could not be asked"},
	{"lvm-volume", "mounted", agentapi.LVM, func(f *facts) { f.source.data.MountPoint = agentapi.Mount{IsMounted: true, Path: "/mnt"} }, agent.Fail, "/mnt"},
	{"lvm-volume", "no volumes", agentapi.LVM, func(f *facts) { f.source.data.LogicalVolumes = nil }, agent.Fail, "no logical volumes"},
	{"lvm-volume", "snapshots of another kind", agentapi.LVM, func(f *facts) {
		f.source.data.LogicalVolumes = nil
		f.source.data.Abilities = append(f.source.data.Abilities, agentapi.AbilityStream)
	}, agent.Pass, "another kind"},
	{"lvm-volume", "data elsewhere", agentapi.LVM, func(f *facts) {
		f.source.data.AvailiableSeedMethods = map[agentapi.Method]agentapi.MethodOffer{agentapi.LVM: {BackupSide: agentapi.Source, BackupToDatadir: true, NotAsSource: "/data is no logical volume"}}
	}, agent.Fail, "/data is no logical volume"},
	{"lvm-volume", "no snapshot", agentapi.LVM, func(f *facts) { f.source.data.LogicalVolumes = f.source.data.LogicalVolumes[:1] }, agent.Warn, "has to be made"},
	{"lvm-volume", "facts missing", agentapi.LVM, noSourceData, agent.Fail, "not known"},
	{"target-data", "it holds some", "", func(f *facts) {
		f.target.mysql.Schemas = map[string]int64{"small": 512, "old": 3 * mib / 2, "mysql": gib}
	}, agent.Warn, "2 schemas on tgt1 will be lost, 1.5 MiB: old (1.5 MiB), small (512 B). The old data is removed when the dump has been proven"},
	{"target-data", "it holds some, and there is room for both", agentapi.Xtrabackup, oldSchema, agent.Warn, "The old data is kept beside the new"},
	{"target-data", "it holds some that will be erased", agentapi.Xtrabackup, func(f *facts) {
		oldSchema(f)
		f.target.data.MySQLDatadirDiskFree, f.target.data.AllowErase = 5*gib, true
	}, agent.Warn, "erased before the new data is proven, and can't be put back"},
	{"target-data", "it holds some, and an agent of others erases", agentapi.LVM, func(f *facts) {
		oldSchema(f)
		f.target.data.AgentVersion = ""
	}, agent.Warn, "erased before"},
	{"target-data", "it holds some, and nothing may be erased", agentapi.ClonePlugin, func(f *facts) {
		oldSchema(f)
		f.target.data.MySQLDatadirDiskFree = 5 * gib
	}, agent.Warn, "not touched: the check data-fits refuses"},
	{"target-data", "only the agent can see it", "", func(f *facts) {
		noTargetMySQL(f)
		f.target.data.MySQLDatabases = map[string]agentapi.Database{"old": {Size: 100}}
	}, agent.Warn, "old (100 B)"},
	{"target-data", "facts missing", "", noTargetMySQL, agent.Warn, "not known"},
	{"binlog-expiry", "too soon", "", func(f *facts) {
		f.source.mysql.Schemas["shop"] = 400 * gib
		f.source.mysql.BinlogExpireSeconds = hours(12)
	}, agent.Warn, "a seed of 400.0 GiB may take"},
	{"binlog-expiry", "late enough, as earlier seeds went", "", func(f *facts) {
		f.source.mysql.Schemas["shop"] = 400 * gib
		f.source.mysql.BinlogExpireSeconds = hours(12)
		f.learned = estimate.Learned{agentapi.Backup: {Mid: 5, Low: 5, High: 5, Seeds: 3}, agentapi.Restore: {Mid: 10, Low: 10, High: 10, Seeds: 3}}
	}, agent.Pass, "may take 1h58m"},
	{"binlog-expiry", "late enough", "", func(f *facts) { f.source.mysql.BinlogExpireSeconds = hours(240) }, agent.Pass, "240h"},
	{"binlog-expiry", "within the hour", "", func(f *facts) {
		f.source.mysql.Schemas = nil
		f.source.mysql.BinlogExpireSeconds = 600
	}, agent.Warn, "more than 1h"},
	{"binlog-expiry", "facts missing", "", noSourceMySQL, agent.Warn, "not known"},
	{"non-transactional-tables", "some", "", func(f *facts) {
		f.source.mysql.NonTransactional = map[string]int{"MyISAM": 3, "Aria": 1, "CSV": 0}
	}, agent.Warn, "Aria (1 table), MyISAM (3 tables)"},
	{"non-transactional-tables", "facts missing", "", noSourceMySQL, agent.Warn, "not known"},
	{"clocks", "an hour apart", "", func(f *facts) { f.source.clock.ahead = 60 * clockTolerance }, agent.Warn, "1h0m0s apart"},
	{"clocks", "facts missing", "", func(f *facts) { f.target.clock.known = false }, agent.Warn, "not known"},
}

func TestGoodHostsPassEveryCheckOfEveryMethod(t *testing.T) {
	seen := map[string]bool{}
	for _, method := range agentapi.Methods {
		for _, c := range judge(goodFacts(method)) {
			seen[c.Name] = true
			if c.Result != agent.Pass || c.Found == "" || c.Needed == "" {
				t.Errorf("%s: %+v", method, c)
			}
		}
	}
	for _, c := range table {
		if !seen[c.name] {
			t.Errorf("%s concerns no method", c.name)
		}
	}
}

func TestEachCheckSaysWhatItFoundWhatIsNeededAndWhatToDo(t *testing.T) {
	told := map[string]bool{}
	for _, s := range stories {
		t.Run(s.check+"/"+s.name, func(t *testing.T) {
			told[s.check] = true
			if s.method == "" {
				s.method = agentapi.Mysqldump
			}
			f := goodFacts(s.method)
			if s.edit != nil {
				s.edit(f)
			}
			c, there := outcome(t, f, s.check)
			if !there {
				t.Fatal("the check was left out")
			}
			if c.Result != s.want || !strings.Contains(c.Found+"|"+c.Needed+"|"+c.Hint, s.says) {
				t.Errorf("got %+v, want %s with %q", c, s.want, s.says)
			}
			if c.Result != agent.Pass && (c.Found == "" || c.Needed == "" || c.Hint == "") {
				t.Errorf("a sentence is missing: %+v", c)
			}
		})
	}
	for _, c := range table {
		if !told[c.name] {
			t.Errorf("no story of %s", c.name)
		}
	}
}

func TestChecksThatDoNotConcernTheMethodAreLeftOutAndTheOrderIsTheTables(t *testing.T) {
	for method, absent := range map[agent.Method][]string{
		agentapi.Mysqldump:   {"page-size", "tool-version", "data-port", "lvm-volume"},
		agentapi.Xtrabackup:  {"backup-dir-fits", "lvm-volume", "non-transactional-tables"},
		agentapi.ClonePlugin: {"backup-dir-fits", "data-port", "tool-version"},
		"Rsync":              {"method-offered", "data-fits"},
	} {
		at := 0
		for _, c := range judge(goodFacts(method)) {
			for table[at].name != c.Name {
				at++
				if at == len(table) {
					t.Fatalf("%s: %s is not in its place", method, c.Name)
				}
			}
		}
		for _, name := range absent {
			if _, there := outcome(t, goodFacts(method), name); there {
				t.Errorf("%s: %s was not left out", method, name)
			}
		}
	}
}

// Whatever is missing: no check that needs it may pass for lack of it, and none may panic.
func TestNothingPassesForWantOfFacts(t *testing.T) {
	mayPass := "method-known hosts-differ no-active-seed held-seed agents-known donor-name"
	for _, method := range agentapi.Methods {
		f := goodFacts(method)
		for _, take := range []func(*facts){noSourceMySQL, noTargetMySQL, noSourceData, noTargetData} {
			take(f)
		}
		f.login, f.dataPort, f.target.clock = probe{why: "nobody answers"}, probe{why: "nobody answers"}, clockOffset{}
		for _, c := range judge(f) {
			if c.Result == agent.Pass && !strings.Contains(mayPass, c.Name) {
				t.Errorf("%s: %+v", method, c)
			}
		}
	}
}
