// Package fleet runs the real programs as processes on loopback addresses: database servers (go/sandbox), agents beside
// them, and the service. The end-to-end tests, the fault tests, the demo and the benchmarks are built on it. It ends only
// what it started, by process id.
package fleet
