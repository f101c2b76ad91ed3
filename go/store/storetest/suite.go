package storetest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Backend is what the suite is about.
type Backend interface {
	agent.Store
	agent.Queries
	AcquireLease(ctx context.Context, node string, ttl time.Duration) (term int64, ok bool, err error)
	ReleaseLease(ctx context.Context, node string, term int64) error
	CurrentLease(ctx context.Context) (node string, term int64, live bool, err error)
	Downtime(ctx context.Context, host string, port int) (*agent.Downtime, error)
}

// Run runs the suite. open returns an empty backend each time and closes it when its test ends.
func Run(t *testing.T, open func(t *testing.T) Backend) {
	for _, c := range slices.Concat(seedTests, refusalTests, historyTests, hostTests, raceTests, togetherTests, upkeepTests, leaseTests) {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

// Core is the part of a backend that the engine needs.
type Core interface {
	agent.Store
	SeedStates(ctx context.Context, seedID int64) ([]agent.StageState, error)
}

// RunCore runs the tests that need no more than a Core: for a fake of the engine's tests.
func RunCore(t *testing.T, open func(t *testing.T) Core) {
	for _, c := range slices.Concat(seedTests, refusalTests, historyTests, hostTests, raceTests, togetherTests) {
		if c.needs == core {
			t.Run(c.name, func(t *testing.T) { c.run(t, coreOnly{Core: open(t)}) })
		}
	}
}

// coreOnly panics in what a Core does not have.
type coreOnly struct {
	Core
	nothing
}

type nothing struct{ Backend }

type test struct {
	name  string
	run   func(t *testing.T, b Backend)
	needs need
}

// need is how much of a backend a test uses.
type need string

const (
	core  need = "core"
	whole need = "whole"
)

// T0 is a time that shows lost fractions and lost zones: microseconds, and not UTC.
var T0 = time.Date(2026, 11, 22, 18, 0, 0, 123456000, time.FixedZone("here", 5*3600))

// NewSeed is a seed as it is first stored.
func NewSeed(target, source string) *agent.Seed {
	return &agent.Seed{
		TargetHost: target, SourceHost: source, Method: agentapi.Mysqldump, BackupSide: agentapi.Target,
		Stage: agentapi.Prepare, Status: agentapi.Scheduled, StartedAt: T0, Attempt: 1,
		Engine: agent.EngineState{StageStartedAt: T0.UTC(), Hosts: map[agent.Side]*agent.HostState{}, Lag: -1},
	}
}

// NewHost is an agent as it registers.
func NewHost(name string) *agent.Host {
	return &agent.Host{
		Info:        agentapi.Info{Hostname: name, Port: 3002, Token: "token-of-" + name, MySQLPort: 3306},
		Data:        &agentapi.Data{OsName: "Debian", NumCPU: 2},
		LastChecked: T0, LastSeen: T0, Status: agent.HostActive,
	}
}

func line(what string) agent.AuditEntry {
	return agent.AuditEntry{At: T0, Type: what, Host: "tgt", Port: 3306, Message: what + " happened", User: "alice"}
}

func row(host string, status agent.Status, attempt int64, details string) agent.StageState {
	return agent.StageState{Stage: agentapi.Prepare, Host: host, At: T0, Status: status, Details: details, Attempt: attempt}
}

func create(t *testing.T, b Backend, target, source string) *agent.Seed {
	t.Helper()
	s, err := b.CreateSeed(t.Context(), agent.Fence{}, NewSeed(target, source), nil, line("agent-seed"), nil, 0, 0)
	must(t, err)
	return s
}

// move stores s with that status, and rows.
func move(t *testing.T, b Backend, s *agent.Seed, status agent.Status, rows ...agent.StageState) *agent.Seed {
	t.Helper()
	next := *s
	next.Status = status
	if !next.Active() {
		next.EndedAt = T0.Add(time.Hour)
	}
	moved, err := b.Transition(t.Context(), agent.Fence{}, agent.Transition{Seed: next, Rows: rows})
	must(t, err)
	return moved
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func wantSlice[T cmp.Ordered](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func ids(seeds []*agent.Seed) []int64 {
	all := []int64{}
	for _, s := range seeds {
		all = append(all, s.ID)
	}
	return all
}

func hostNames(hosts []*agent.Host) []string {
	all := []string{}
	for _, h := range hosts {
		all = append(all, h.Info.Hostname)
	}
	return all
}
