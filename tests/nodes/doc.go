// Package nodes tests several service nodes on one backend, as real programs on real servers: nodes that are killed, paused
// and stopped while a seed runs, requests to nodes that do not lead, and a backend that fails over. Each test logs the times
// that docs/high-availability.md publishes; -nodes.all runs what takes longer.
package nodes
