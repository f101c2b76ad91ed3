package agent

import (
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Host is one registered agent: a row of host_agent.
type Host struct {
	Info         agentapi.Info  // with its token
	Data         *agentapi.Data // last known facts; nil before the first
	LastChecked  time.Time      // last time it was asked
	LastSeen     time.Time      // last time it answered or called
	Status       HostStatus
	ClusterAlias string // "" when unknown
	MySQLVersion string // "" when unknown
	LastError    string // why the last poll failed
}

// HostStatus of an agent.
type HostStatus string

const (
	HostActive   HostStatus = "Active"
	HostInactive HostStatus = "Inactive"
)

// HostStatuses is every status of an agent.
var HostStatuses = []HostStatus{HostActive, HostInactive}
