package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// blow is one fault: what, to whom, how long after the beginning of its round, and for how long.
type blow struct {
	after time.Duration
	what  what
	side  agentapi.Side
	lasts time.Duration
}

// what a blow does.
type what string

const (
	killAgent    what = "kill -9 of the agent"
	endAgent     what = "SIGTERM to the agent"
	stopAgent    what = "SIGSTOP to the agent"
	killTool     what = "kill -9 of a tool"
	cutSessions  what = "database sessions of the agent cut"
	killServer   what = "kill -9 of mysqld"
	abort        what = "abort"
	abortByForce what = "abort by force"
	killService  what = "kill -9 of the service"
	endService   what = "SIGTERM to the service"
	stopService  what = "SIGSTOP to the service"
)

func (b blow) String() string {
	s := string(b.what)
	if b.side != "" {
		s += " on the " + strings.ToLower(string(b.side))
	}
	return fmt.Sprintf("%s at %.1f s", s, b.after.Seconds())
}

// round is one seed of one pair.
type round struct {
	method agentapi.Method
	blows  []blow
	retry  bool // a person retries it, if it is held
}

// physical methods replace the target's data directory.
func physical(m agentapi.Method) bool { return m == agentapi.Xtrabackup || m == agentapi.ClonePlugin }

// methodsOf are the methods that a pair of that kind is seeded by.
func methodsOf(kind sandbox.Kind) []agentapi.Method {
	if kind == sandbox.MySQL97 {
		return []agentapi.Method{agentapi.ClonePlugin, agentapi.Mysqldump}
	}
	return []agentapi.Method{agentapi.Mysqldump, agentapi.Mydumper, agentapi.Xtrabackup}
}

// source of chance for a part of the plan: the same for the same number, whatever the other parts do.
func chanceOf(seed uint64, part string, n int) *rand.Rand {
	h := uint64(14695981039346656037)
	for _, c := range part {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return rand.New(rand.NewPCG(seed, h+uint64(n)))
}

// planRound is the n-th round of a pair.
func planRound(seed uint64, pair string, kind sandbox.Kind, n int) round {
	c := chanceOf(seed, pair, n)
	methods := methodsOf(kind)
	r := round{method: methods[c.IntN(len(methods))], retry: c.IntN(2) == 0}
	kinds := []what{killAgent, killAgent, endAgent, stopAgent, killTool, killTool, cutSessions, killServer, abort, abortByForce}
	for range c.IntN(4) {
		b := blow{after: between(c, 200*time.Millisecond, 9*time.Second), what: kinds[c.IntN(len(kinds))],
			side: agentapi.Sides[c.IntN(2)], lasts: between(c, 300*time.Millisecond, 8*time.Second)}
		switch {
		case b.what == abort || b.what == abortByForce:
			b.side = ""
		case b.what == killServer && physical(r.method):
			b.side = agentapi.Source // the target's is stopped and started by the agent; faults 8 of tests/faults kill it at known moments
		}
		r.blows = append(r.blows, b)
	}
	slices.SortFunc(r.blows, func(a, b blow) int { return int(a.after - b.after) })
	return r
}

// planService is the n-th blow to the service: after is the pause before it.
func planService(seed uint64, n int) blow {
	c := chanceOf(seed, "service", n)
	kinds := []what{killService, killService, endService, stopService}
	return blow{after: between(c, 4*time.Second, 25*time.Second), what: kinds[c.IntN(len(kinds))], lasts: between(c, 200*time.Millisecond, 6*time.Second)}
}

func between(c *rand.Rand, a, b time.Duration) time.Duration {
	return a + time.Duration(c.Int64N(int64(b-a)))
}
