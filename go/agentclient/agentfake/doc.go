// Package agentfake is an agent in memory whose behaviour tests script: how long stages take and how they end, and what
// goes wrong with the answers. One core (Agent) stands behind a real listener (Start) or behind a client that uses no
// network at all (NewClient), so that simulations with a fake clock and tests over HTTP see the same agent. It speaks as
// this project's agents do, or as v2 agents were recorded to.
package agentfake
