package client

import (
	"strconv"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

// AgentFilter narrows a list of agents. The service takes one of Hostname, ClusterAlias and Status; zero fields do not
// narrow. Page counts from 0; nil is all of them.
type AgentFilter struct {
	Hostname, ClusterAlias, Status string
	Page                           *int
}

// Agents are the registered agents, by cluster, then host.
func Agents(f AgentFilter) Call[[]seedapi.Agent] {
	return get[[]seedapi.Agent]("agents").with("hostname", f.Hostname).with("clusteralias", f.ClusterAlias).
		with("status", f.Status).with("page", page(f.Page))
}

// AgentsHosts are the names of hosts that begin with prefix; all with "".
func AgentsHosts(prefix string) Call[[]string] {
	return get[[]string]("agents-hosts").with("hostname", prefix)
}

// AgentsStatuses are the statuses of agents that begin with prefix, in any case.
func AgentsStatuses(prefix string) Call[[]string] {
	return get[[]string]("agents-statuses").with("status", prefix)
}

// ClustersAliases are the names of clusters that begin with prefix.
func ClustersAliases(prefix string) Call[[]string] {
	return get[[]string]("clusters-aliases").with("clusteralias", prefix)
}

// Agent is one agent with its last known facts.
func Agent(host string) Call[seedapi.Agent] { return get[seedapi.Agent]("agent", host) }

// AgentData is what an agent last said of its host; nil before it said anything.
func AgentData(host string) Call[*agentapi.Data] { return get[*agentapi.Data]("agent-data", host) }

// UpdateAgent makes the service ask the agent now.
func UpdateAgent(host string) Call[seedapi.Agent] { return post[seedapi.Agent]("agent-update", host) }

// MySQLStart starts MySQL on that host.
func MySQLStart(host string) Call[seedapi.Agent] {
	return post[seedapi.Agent]("agent-mysql-start", host)
}

// MySQLStop stops MySQL on that host.
func MySQLStop(host string) Call[seedapi.Agent] {
	return post[seedapi.Agent]("agent-mysql-stop", host)
}

// MySQLErrorLog is the end of that server's error log.
func MySQLErrorLog(host string) Call[string] { return get[string]("agent-mysql-error-log", host) }

// Mount mounts a logical volume at the agent's mount point.
func Mount(host, lv string) Call[seedapi.Agent] {
	return post[seedapi.Agent]("agent-mount", host).with("lv", lv)
}

// Unmount frees the agent's mount point.
func Unmount(host string) Call[seedapi.Agent] { return post[seedapi.Agent]("agent-umount", host) }

// CreateSnapshot takes a snapshot of that server's volume.
func CreateSnapshot(host string) Call[seedapi.Agent] {
	return post[seedapi.Agent]("agent-create-snapshot", host)
}

// RemoveLV removes a logical volume on that host.
func RemoveLV(host, lv string) Call[seedapi.Agent] {
	return post[seedapi.Agent]("agent-removelv", host).with("lv", lv)
}

// CustomCommand runs a command of the agent's configuration and returns its output.
func CustomCommand(host, command string) Call[string] {
	return post[string]("agent-custom-command", host, command)
}

func page(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}
