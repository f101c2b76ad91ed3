// Package agent is the seed engine: the state machine of a seed and everything around it.
//
// One step of a seed is: observe (make the idempotent calls that the stored row announces, and turn answers and failures
// into facts), Decide (pure: seed, facts, time and policy in; the changed seed and its history rows out), record
// (Store.Transition: compare and set, one transaction). A crash between any two of them leaves a row from which the next
// owner makes the same calls again.
//
// The package declares what it needs (Store, AgentClient, Topology, Checks, Events, Meter, Clock, Leader in ports.go) and
// imports nothing of ours but agentapi, estimate and inst's value types.
//
// Invariants: docs/states.md is generated from the transition table; no legal move is made that is not in it; Attempt only
// grows; a live seed always has a deadline or an agent that moves bytes.
package agent
