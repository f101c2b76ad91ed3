package link

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// door is a service's agents' door that answers as the test says.
type door struct {
	mu     sync.Mutex
	answer map[string]http.HandlerFunc
	calls  map[string]int
	states []agentapi.SeedStageState
	server *httptest.Server
}

func say(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

const (
	unknownAgent = `{"Code":"ERROR","Message":"The agent's name and token are not known here.","Details":null}`
	v2Refusal    = `{"Code":"ERROR","Message":"Unable to get agent data: dial tcp: connection refused","Details":null}`
)

func newDoor(t *testing.T) *door {
	d := &door{calls: map[string]int{}, answer: map[string]http.HandlerFunc{
		"register-agent": say(200, `"tgt1"`), "agent-ping": say(200, `"OK"`), "seed-stage-state": say(200, `"OK"`),
	}}
	d.server = httptest.NewServer(http.HandlerFunc(d.serve))
	t.Cleanup(d.server.Close)
	return d
}

func (d *door) serve(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/api/")
	if r.Header.Get(agentapi.HeaderAgentHost) != "tgt1" || r.Header.Get(agentapi.HeaderToken) != "the-token" {
		w.WriteHeader(418)
		return
	}
	d.mu.Lock()
	d.calls[path]++
	f := d.answer[path]
	d.mu.Unlock()
	if path == "seed-stage-state" {
		var s agentapi.SeedStageState
		if json.NewDecoder(r.Body).Decode(&s) == nil {
			d.mu.Lock()
			d.states = append(d.states, s)
			d.mu.Unlock()
		}
	}
	f(w, r)
}

func (d *door) set(path string, f http.HandlerFunc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answer[path] = f
}

func (d *door) count(path string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[path]
}

func (d *door) got() []agentapi.SeedStageState {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]agentapi.SeedStageState(nil), d.states...)
}

func run(t *testing.T, d *door, change func(*Options)) *Link {
	t.Helper()
	o := Options{
		Door: d.server.URL + "/api", Info: agentapi.Info{Hostname: "tgt1", Port: 3002, Token: "the-token"}, HTTP: &http.Client{Transport: &http.Transport{}},
		Poll: 5 * time.Millisecond, Resubmit: time.Hour, FirstRetry: time.Millisecond, LastRetry: 5 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&o)
	}
	l := New(o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		o.HTTP.CloseIdleConnections()
	})
	return l
}

func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("in vain waited until %s", what)
		}
	}
}

func TestRegistrationIsRepeatedUntilItIsAccepted(t *testing.T) {
	d := newDoor(t)
	answers := []http.HandlerFunc{say(502, "bad gateway"), say(200, v2Refusal), say(200, "<html>"), say(500, unknownAgent), say(200, `""`)}
	var mu sync.Mutex
	d.set("register-agent", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if len(answers) == 0 {
			io.WriteString(w, `"tgt1"`)
			return
		}
		answers[0](w, r)
		answers = answers[1:]
	})
	run(t, d, nil)
	until(t, "it pings", func() bool { return d.count("agent-ping") > 2 })
	if n := d.count("register-agent"); n != 6 {
		t.Errorf("registered %d times", n)
	}
}

func TestAgentRegistersAgainFromTimeToTime(t *testing.T) {
	d := newDoor(t)
	run(t, d, func(o *Options) { o.Resubmit, o.Poll = 5*time.Millisecond, time.Hour })
	until(t, "it registered three times", func() bool { return d.count("register-agent") >= 3 })
}

func TestAgentRegistersAgainWhenTheServiceWasAwayOrForgotIt(t *testing.T) {
	d := newDoor(t)
	l := run(t, d, nil)
	until(t, "it registered", func() bool { return d.count("register-agent") == 1 && d.count("agent-ping") > 0 })
	d.set("agent-ping", say(503, "away"))
	n := d.count("agent-ping")
	until(t, "a ping failed", func() bool { return d.count("agent-ping") > n+1 })
	d.set("agent-ping", say(200, `"OK"`))
	until(t, "it registered again after the service came back", func() bool { return d.count("register-agent") == 2 })
	d.set("agent-ping", say(401, unknownAgent))
	until(t, "it registered again because the ping was not known", func() bool { return d.count("register-agent") >= 3 })
	d.set("agent-ping", say(200, `"OK"`))
	d.set("seed-stage-state", say(401, unknownAgent))
	n = d.count("register-agent")
	l.Notify(agentapi.SeedStageState{SeedID: 1, Stage: agentapi.Backup, Status: agentapi.Completed})
	until(t, "it registered again because the call-back was not known", func() bool { return d.count("register-agent") > n })
}

func TestStatusIsBadOnlyWhenNothingWasHeardForLong(t *testing.T) {
	d := newDoor(t)
	l := run(t, d, func(o *Options) { o.BadAfter = 300 * time.Millisecond })
	until(t, "it pings", func() bool { return d.count("agent-ping") > 0 })
	if !l.Healthy() {
		t.Error("not healthy while the service answers")
	}
	for _, f := range []http.HandlerFunc{say(500, "no"), say(200, "<html>")} {
		d.set("agent-ping", f)
		d.set("register-agent", say(500, "no"))
		until(t, "it is bad", func() bool { return !l.Healthy() })
		d.set("agent-ping", say(200, `"OK"`))
		d.set("register-agent", say(200, `"tgt1"`))
		until(t, "it is healthy", l.Healthy)
	}
}

func TestChangesOfStagesArriveInOrderAndTheLastWordAlways(t *testing.T) {
	d := newDoor(t)
	l := run(t, d, nil)
	fails := 2
	var mu sync.Mutex
	d.set("seed-stage-state", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if fails > 0 {
			fails--
			w.WriteHeader(503)
			return
		}
		io.WriteString(w, `"OK"`)
	})
	for i := range 100 {
		l.Notify(agentapi.SeedStageState{SeedID: 1, Stage: agentapi.Backup, Attempt: 2, Status: agentapi.Running, Progress: &agentapi.Progress{Bytes: int64(i)}, Said: []string{"x"}})
	}
	l.Notify(agentapi.SeedStageState{SeedID: 1, Stage: agentapi.Backup, Attempt: 2, Status: agentapi.Completed})
	l.Notify(agentapi.SeedStageState{SeedID: 1, Stage: agentapi.Restore, Attempt: 3, Status: agentapi.Running})
	until(t, "the restore was told", func() bool {
		s := d.got()
		return len(s) > 0 && s[len(s)-1].Stage == agentapi.Restore
	})
	l.Drain(context.Background())
	s := d.got()
	if len(s) > 10 {
		t.Errorf("%d calls", len(s))
	}
	done := 0
	for _, x := range s {
		if x.Stage == agentapi.Backup && x.Status == agentapi.Completed {
			done++
		}
		if x.Said != nil {
			t.Error("a call-back carries what was said before")
		}
	}
	if done == 0 {
		t.Errorf("the end of the backup was not told: %+v", s)
	}
}

func TestAServiceThatDoesNotKnowTheCallBackIsLeftInPeaceForTheRun(t *testing.T) {
	d := newDoor(t)
	l := run(t, d, nil)
	d.set("seed-stage-state", say(404, "404 page not found\n"))
	state := agentapi.SeedStageState{SeedID: 1, Stage: agentapi.Backup, Attempt: 2, Status: agentapi.Running}
	l.Notify(state)
	until(t, "it was told once", func() bool { return d.count("seed-stage-state") == 1 })
	l.Drain(context.Background())
	for range 5 {
		l.Notify(state)
		l.Drain(context.Background())
	}
	if n := d.count("seed-stage-state"); n != 1 {
		t.Errorf("told %d times", n)
	}
	state.Attempt = 3
	l.Notify(state)
	until(t, "the next run is told", func() bool { return d.count("seed-stage-state") == 2 })
}

func TestNobodyThereBlocksNothing(t *testing.T) {
	d := newDoor(t)
	d.server.Close()
	l := run(t, d, func(o *Options) { o.FirstRetry, o.LastRetry = time.Hour, time.Hour })
	for i := range int64(3000) {
		l.Notify(agentapi.SeedStageState{SeedID: i, Stage: agentapi.Backup, Status: agentapi.Running})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) > mostQueued {
		t.Errorf("%d states wait", len(l.queue))
	}
}

func TestDoorIsTheServicesAddressWithTheAgentsPort(t *testing.T) {
	for _, c := range [][2]string{
		{"http://orchestrator", "http://orchestrator:3001/api"}, {"https://orchestrator:4443", "https://orchestrator:4443/api"},
		{"http://[::1]", "http://[::1]:3001/api"}, {"http://127.0.0.1/orch", "http://127.0.0.1:3001/orch/api"}, {"http://h/", "http://h:3001/api"},
	} {
		if got, err := DoorOf(c[0], 3001); err != nil || got != c[1] {
			t.Errorf("%s: %s %v", c[0], got, err)
		}
	}
	if _, err := DoorOf("::", 1); err == nil {
		t.Error("accepted nonsense")
	}
}
