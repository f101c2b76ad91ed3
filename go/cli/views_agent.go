package cli

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

// agentList shows agents as a table.
func agentList(p *page, agents []seedapi.Agent) {
	if len(agents) == 0 {
		p.line(faint, "no agents")
		return
	}
	var rows [][]string
	for _, a := range agents {
		mysql, data, methods := "", "", ""
		if a.Data != nil {
			mysql = "stopped"
			if a.Data.MySQLRunning {
				mysql = "running"
			}
			data = formatBytes(dataSize(a.Data))
			methods = strings.Join(methodNames(a.Data), " ")
		}
		rows = append(rows, []string{
			a.ClusterAlias, a.Info.Hostname, a.Status, a.MySQLVersion, mysql, data, methods, p.time(a.LastSeen),
		})
	}
	p.table([]string{"cluster", "host", "status", "version", "mysql", ">data", "methods", "last seen"}, rows)
}

// dataSize is the size of all schemas, or of the data directory when they are not known.
func dataSize(d *agentapi.Data) int64 {
	var n int64
	for _, db := range d.MySQLDatabases {
		n += db.Size
	}
	if n == 0 {
		return d.MySQLDatadirDiskUsed
	}
	return n
}

func methodNames(d *agentapi.Data) []string {
	var names []string
	for m := range d.AvailiableSeedMethods {
		names = append(names, string(m))
	}
	sort.Strings(names)
	return names
}

// agentDetails shows one agent and its host.
func agentDetails(p *page, a seedapi.Agent) {
	p.pairs([][2]string{
		{"Host", a.Info.Hostname},
		{"Status", a.Status},
		{"Last seen", p.time(a.LastSeen)},
		{"Last error", a.LastError},
		{"Cluster", a.ClusterAlias},
		{"Agent's port", strconv.Itoa(a.Info.Port)},
		{"MySQL's port", strconv.Itoa(a.Info.MySQLPort)},
		{"MySQL's version", a.MySQLVersion},
	})
	if a.Data != nil {
		p.line(normal, "")
		agentFacts(p, a.Data)
	}
}

// agentFacts shows what an agent said of its host.
func agentFacts(p *page, d *agentapi.Data) {
	if d == nil {
		p.line(faint, "the agent has said nothing of its host yet")
		return
	}
	p.pairs([][2]string{
		{"System", d.OsName},
		{"CPUs", count(int64(d.NumCPU))},
		{"Memory", size(d.MemTotal)},
		{"Agent's version", d.AgentVersion},
		{"MySQL runs", yesNo(d.MySQLRunning)},
		{"MySQL's error", d.MySQLError},
		{"Data directory", diskWords(d.MySQLDatadir, d.MySQLDatadirDiskUsed, d.MySQLDatadirDiskFree)},
		{"Backup directory", diskWords(d.BackupDir, d.BackupDirDiskUsed, d.BackupDirDiskFree)},
		{"Mount point", mountWords(d.MountPoint)},
		{"Snapshots", strings.Join(d.LocalSnapshotsHosts, " ")},
		{"Commands", strings.Join(d.AgentCommands, " ")},
	})
	if len(d.AvailiableSeedMethods) > 0 {
		p.line(normal, "")
		var rows [][]string
		for _, name := range methodNames(d) {
			m := d.AvailiableSeedMethods[agentapi.Method(name)]
			rows = append(rows, []string{name, string(m.BackupSide), yesNo(m.BackupToDatadir), strings.Join(m.SupportedEngines, " ")})
		}
		p.table([]string{"method", "backup side", "into data directory", "engines"}, rows)
	}
	databaseList(p, d.MySQLDatabases)
	volumeList(p, d.LogicalVolumes)
}

func databaseList(p *page, dbs map[string]agentapi.Database) {
	if len(dbs) == 0 {
		return
	}
	names := make([]string, 0, len(dbs))
	for n := range dbs {
		names = append(names, n)
	}
	sort.Slice(names, func(i, j int) bool {
		a, b := dbs[names[i]], dbs[names[j]]
		if a.Size != b.Size {
			return a.Size > b.Size
		}
		return names[i] < names[j]
	})
	var rows [][]string
	for _, n := range names {
		rows = append(rows, []string{n, formatBytes(dbs[n].Size), count(dbs[n].Tables), strings.Join(dbs[n].Engines, " ")})
	}
	p.line(normal, "")
	p.table([]string{"schema", ">size", ">tables", "engines"}, rows)
}

func volumeList(p *page, volumes []agentapi.LogicalVolume) {
	if len(volumes) == 0 {
		return
	}
	var rows [][]string
	for _, v := range volumes {
		used := ""
		if v.IsSnapshot {
			used = fmt.Sprintf("%.1f%%", v.SnapshotPercent)
		}
		rows = append(rows, []string{v.GroupName, v.Name, v.Path, yesNo(v.IsSnapshot), used, p.time(v.CreatedAt)})
	}
	p.line(normal, "")
	p.table([]string{"group", "volume", "path", "snapshot", ">used", "made"}, rows)
}

func mountWords(m agentapi.Mount) string {
	switch {
	case m.Path == "":
		return ""
	case !m.IsMounted:
		return m.Path + ", free"
	}
	return fmt.Sprintf("%s, %s (%s) mounted, %s used", m.Path, m.LVPath, m.FileSystem, formatBytes(m.DiskUsage))
}

func diskWords(path string, used, free int64) string {
	if path == "" {
		return ""
	}
	return fmt.Sprintf("%s, %s used, %s free", path, formatBytes(used), formatBytes(free))
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func count(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func size(n int64) string {
	if n == 0 {
		return ""
	}
	return formatBytes(n)
}

// auditList shows lines of the audit.
func auditList(p *page, lines []seedapi.AuditEntry) {
	if len(lines) == 0 {
		p.line(faint, "nothing there")
		return
	}
	var rows [][]string
	for _, a := range lines {
		rows = append(rows, []string{p.time(a.AuditTimestamp), a.AuditType, a.AuditInstanceKey, a.User, a.Message})
	}
	p.table([]string{"when", "what", "host", "who", "message"}, rows)
}

// nodeStatus shows what a node says of itself.
func nodeStatus(p *page, n seedapi.NodeStatus) {
	p.pairs([][2]string{
		{"Node", n.Node},
		{"Version", n.Version},
		{"Healthy", yesNo(n.Healthy)},
		{"Problem", n.Problem},
		{"Leads", yesNo(n.IsLeader)},
		{"Leader", n.Leader},
		{"Backend", n.Backend},
		{"Started", p.time(n.StartedAt)},
		{"Active seeds", strconv.Itoa(n.ActiveSeeds)},
		{"Agents", strconv.Itoa(n.Agents)},
	})
}
