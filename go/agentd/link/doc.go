// Package link is the agent's side of the agents' door: it registers the agent until the service takes it, registers again
// from time to time, pings, and tells the service at once when a stage changes. Nothing here blocks a seed: what cannot be
// told is found out by the service's own polls.
//
// It imports agentapi only.
package link
