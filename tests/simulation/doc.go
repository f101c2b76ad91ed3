// Package simulation runs the real engine of go/agent in worlds that are made up: a store in memory, agents, MySQL and a
// network that fail as a number says, and a time of their own (testing/synctest), in which an hour takes a few
// milliseconds. One number is one history: the same number gives the same faults at the same moments, whatever the machine
// does meanwhile, because each decision is drawn from the number, the moment and the call that it is about, never from a
// shared stream.
//
//	go test ./tests/simulation                            what CI runs
//	go test ./tests/simulation -sim.seed 4711             one history, told call by call
//	go test ./tests/simulation -sim.time 10m              random histories for ten minutes
//	go test ./tests/simulation -sim.pairs 1               every pair of faults in a short life, not a sample
//
// After each call the rules of docs/states.md and of the agents' contract are checked, and at the end of a history that
// nothing is left: see rules_test.go and end_test.go. sabotage_test.go breaks the engine's surroundings on purpose and wants
// to see the rules complain. docs/testing.md says how a failure is replayed.
package simulation
