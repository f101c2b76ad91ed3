package client

import (
	"encoding/json"

	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

// Audit is a page of the audit, newest first; nil is the first page.
func Audit(p *int) Call[[]seedapi.AuditEntry] {
	return get[[]seedapi.AuditEntry]("audit").with("page", page(p))
}

// Status is what the node says of itself.
func Status() Call[seedapi.NodeStatus] { return get[seedapi.NodeStatus]("status") }

// Health is 200 on a healthy node; else an *Error that says what is wrong. The answer's shape is for load balancers.
func Health() Call[json.RawMessage] { return get[json.RawMessage]("health") }

// LBCheck is Health as load balancers of orchestrator ask for it.
func LBCheck() Call[json.RawMessage] { return get[json.RawMessage]("lb-check") }

// LeaderCheck is 200 on the leader, else an *Error.
func LeaderCheck() Call[json.RawMessage] { return get[json.RawMessage]("leader-check") }
