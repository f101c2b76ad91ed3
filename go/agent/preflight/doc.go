// Package preflight runs the checks before a seed: it answers agent.Checks. Facts are gathered once, side by side and each
// with a deadline; every check is then a pure function of the facts, in a file of its own, and stands in the table of
// table.go. It imports agent's domain types, agentapi and inst's value types.
//
// A fact that could not be had never passes a check: a check that decides with it fails, one that only warns warns. A
// backend database that can't be read is an error of Run. docs/checks.md is generated from the table.
package preflight
