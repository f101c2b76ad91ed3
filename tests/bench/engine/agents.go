package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient/agentfake"
)

// token is every fake agent's.
const token = "5ec2e7000000000000000000000000000000000000000000000000000000f00d"

// agentName is the address of agent number i.
func agentName(i int) string { return fmt.Sprintf("127.10.%d.%d", i/250, i%250+1) }

// agentNumber is agentName's reverse.
func agentNumber(name string) int {
	var b, c int
	if _, err := fmt.Sscanf(name, "127.10.%d.%d", &b, &c); err != nil {
		return -1
	}
	return b*250 + c - 1
}

// agents are fake agents with neighbouring numbers. Each runs whatever stage it is asked about, and moves bytes. They are
// lighter than agentfake's, which remember every call.
type agents struct {
	first  int
	data   []byte // what each says of its host
	closed chan struct{}
	server *http.Server

	hang  atomic.Int64 // agents with smaller numbers never answer
	calls atomic.Int64
	polls []pollTimes
}

// pollTimes are when an agent was asked for a stage's state.
type pollTimes struct {
	mu   sync.Mutex
	last time.Time
	gaps []time.Duration
}

// stats are what agents have seen since they were last asked for it.
type stats struct {
	Calls int64
	// Gaps are the longest time between two polls of each agent that was polled at least twice, in milliseconds, and all of
	// them in order.
	Longest []float64
	All     []float64
}

// serveAgents makes n agents, from number first on, that listen on their own addresses.
func serveAgents(first, n, port int) (*agents, error) {
	data, err := json.Marshal(hostData())
	if err != nil {
		return nil, err
	}
	a := &agents{first: first, data: data, closed: make(chan struct{}), polls: make([]pollTimes, n)}
	a.server = &http.Server{Handler: a, ReadHeaderTimeout: time.Minute}
	for i := range n {
		l, err := net.Listen("tcp", net.JoinHostPort(agentName(first+i), strconv.Itoa(port)))
		if err != nil {
			a.close()
			return nil, fmt.Errorf("agent %d of %d: %w", i, n, err)
		}
		go func() { _ = a.server.Serve(l) }() // ends with the server
	}
	return a, nil
}

func (a *agents) close() {
	close(a.closed)
	_ = a.server.Close() // nothing of it is needed any more
}

// hostData is a host of ours with twenty databases.
func hostData() *agentapi.Data {
	d := agentfake.DefaultData(false)
	for i := range 20 {
		d.MySQLDatabases[fmt.Sprintf("customer_%02d", i)] = agentapi.Database{Engines: []string{"InnoDB"}, Size: int64(i+1) << 30, Tables: 40}
	}
	d.MySQLRunning = false // nobody listens on its MySQL port
	return d
}

// ServeHTTP answers the calls that the engine and the registry make.
func (a *agents) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.calls.Add(1)
	host, _, _ := strings.Cut(r.Host, ":")
	number := agentNumber(host)
	_, path, _ := strings.Cut(r.URL.Path, "/api/")
	parts := strings.Split(path, "/")
	if parts[0] == "seed-stage-state" {
		a.polled(number - a.first)
	}
	if int64(number) < a.hang.Load() {
		select {
		case <-r.Context().Done():
		case <-a.closed:
		}
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	switch {
	case parts[0] == "get-agent-data":
		_, _ = w.Write(a.data)
	case parts[0] == "seed-stage-state" && len(parts) > 2:
		id, _ := strconv.ParseInt(parts[1], 10, 64)
		attempt, _ := strconv.ParseInt(r.URL.Query().Get(agentapi.QueryAttempt), 10, 64)
		st := agentapi.SeedStageState{SeedID: id, Stage: agent.Stage(parts[2]), Hostname: host, Timestamp: time.Now(), Status: agentapi.Running,
			Details: "Running Backup", Attempt: attempt, Progress: &agentapi.Progress{Bytes: time.Now().UnixMicro(), Total: 1 << 60}}
		_ = json.NewEncoder(w).Encode(st)
	default:
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte(`"Started"`))
	}
}

func (a *agents) polled(i int) {
	if i < 0 || i >= len(a.polls) {
		return
	}
	p := &a.polls[i]
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if !p.last.IsZero() {
		p.gaps = append(p.gaps, now.Sub(p.last))
	}
	p.last = now
}

// take returns what was seen and forgets it.
func (a *agents) take() stats {
	s := stats{Calls: a.calls.Swap(0)}
	hung := int(a.hang.Load()) - a.first
	for i := range a.polls {
		p := &a.polls[i]
		p.mu.Lock()
		if len(p.gaps) > 0 && i >= hung {
			s.Longest = append(s.Longest, slices.Max(p.gaps).Seconds()*1000)
			for _, g := range p.gaps {
				s.All = append(s.All, g.Seconds()*1000)
			}
		}
		p.gaps, p.last = nil, time.Time{}
		p.mu.Unlock()
	}
	slices.Sort(s.All)
	return s
}
