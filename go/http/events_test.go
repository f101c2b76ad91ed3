package http

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// lineReader reads lines until the end; the channel is closed then.
func lineReader(r io.Reader) <-chan string {
	lines := make(chan string, 1024)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(r); s.Scan(); {
			lines <- s.Text()
		}
	}()
	return lines
}

// untilBlank skips blank lines and returns the next lines up to a blank one.
func untilBlank(lines <-chan string) string {
	var b strings.Builder
	for l := range lines {
		if l != "" {
			b.WriteString(l + "\n")
		} else if b.Len() > 0 {
			break
		}
	}
	return b.String()
}

// sink is a reader's connection; it takes nothing while it is blocked.
type sink struct {
	header  http.Header
	mu      sync.Mutex
	buf     bytes.Buffer
	blocked chan struct{}
	broken  error
}

func (s *sink) Header() http.Header               { return s.header }
func (s *sink) WriteHeader(int)                   {}
func (s *sink) Flush()                            {}
func (s *sink) SetWriteDeadline(time.Time) error  { return nil }
func (s *sink) SetReadDeadline(_ time.Time) error { return nil }
func (s *sink) Write(p []byte) (int, error) {
	if s.blocked != nil {
		<-s.blocked
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return 0, s.broken
	}
	return s.buf.Write(p)
}

func (s *sink) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// listen opens a stream inside a bubble; stop ends it.
func listen(t *testing.T, s *Server, out *sink, lastID string) (done chan struct{}, stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequest("GET", "/api/events", nil).WithContext(ctx)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	out.header = make(http.Header)
	done = make(chan struct{})
	go func() {
		defer close(done)
		s.Handler().ServeHTTP(out, r)
	}()
	synctest.Wait()
	return done, func() { cancel(); <-done }
}

func events(text string) (kinds []string, ids []int64) {
	for line := range strings.Lines(text) {
		if kind, ok := strings.CutPrefix(strings.TrimSpace(line), "event: "); ok {
			kinds = append(kinds, kind)
		}
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), "id: "); ok {
			n, _ := strconv.ParseInt(id, 10, 64)
			ids = append(ids, n)
		}
	}
	return kinds, ids
}

func TestEventsHaveGrowingIDsAndTheAPIsJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := start(t, w, nil)
		out := &sink{}
		_, stop := listen(t, s, out, "")
		s.Hub.SeedChanged(w.seeds[1])
		s.Hub.StateAdded(w.states[0])
		s.Hub.HostChanged(w.hosts[0])
		synctest.Wait()
		stop()
		kinds, ids := events(out.text())
		want(t, "kinds", strings.Join(kinds, " "), "seed seed-state agent")
		if len(ids) != 3 || ids[0] >= ids[1] || ids[1] >= ids[2] {
			t.Errorf("IDs are %v", ids)
		}
		_, details := get(t, s.Handler(), "/api/agent-seed-details/1")
		if !strings.Contains(out.text(), "data: "+details+"\n\n") {
			t.Errorf("the event is not what the API answers:\n%s\n%s", out.text(), details)
		}
	})
}

func TestReaderThatComesBackMissesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, newWorld(), nil)
		out := &sink{}
		_, stop := listen(t, s, out, "")
		s.Hub.SeedChanged(testSeed(3, agentapi.Backup, agentapi.Running))
		synctest.Wait()
		stop()
		_, ids := events(out.text())
		s.Hub.SeedChanged(testSeed(4, agentapi.Backup, agentapi.Running))
		s.Hub.SeedChanged(testSeed(5, agentapi.Backup, agentapi.Running))

		out = &sink{}
		_, stop = listen(t, s, out, strconv.FormatInt(ids[0], 10))
		s.Hub.SeedChanged(testSeed(6, agentapi.Backup, agentapi.Running))
		synctest.Wait()
		stop()
		kinds, _ := events(out.text())
		want(t, "kinds", strings.Join(kinds, " "), "seed seed seed")
		for _, id := range []string{"4", "5", "6"} {
			want(t, "times that seed "+id+" was told", strings.Count(out.text(), `"SeedID":`+id+","), 1)
		}
	})
}

func TestReaderWithALostPlaceIsToldHowThingsAre(t *testing.T) {
	for _, id := range []string{"0", "5", "99999999999999999"} {
		synctest.Test(t, func(t *testing.T) {
			s := start(t, newWorld(), nil)
			s.Hub.SeedChanged(testSeed(2, agentapi.Backup, agentapi.Running))
			out := &sink{}
			_, stop := listen(t, s, out, id)
			stop()
			kinds, ids := events(out.text())
			want(t, "kinds after "+id, strings.Join(kinds, " "), "resync seed seed resynced")
			if len(ids) != 1 || ids[0] != s.Hub.last {
				t.Errorf("IDs are %v; the place is %d", ids, s.Hub.last)
			}
		})
	}
	code, _ := get(t, start(t, newWorld(), nil).Handler(), "/api/events", "Last-Event-ID: abc")
	want(t, "an ID that is no number", code, 400)
}

func TestIDsGrowOverARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := NewHub(nil)
		for range 1000 {
			old.SeedChanged(testSeed(1, agentapi.Backup, agentapi.Running))
		}
		time.Sleep(time.Second) // the bubble's clock
		if young := NewHub(nil); young.last <= old.last {
			t.Errorf("the new service begins at %d, the old one had got to %d", young.last, old.last)
		}
	})
}

func TestQuietStreamGetsAHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, newWorld(), nil)
		out := &sink{}
		_, stop := listen(t, s, out, "")
		time.Sleep(46 * time.Second) // the bubble's clock
		synctest.Wait()
		stop()
		want(t, "heartbeats in 46 s", strings.Count(out.text(), "event: alive\n"), 3)
	})
}

func TestSlowReaderIsSentAwayAndHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, newWorld(), nil)
		slow, fast := &sink{}, &sink{}
		gone, _ := listen(t, s, slow, "")
		_, stop := listen(t, s, fast, "")
		slow.blocked = make(chan struct{})
		const n = queueEvents + 100
		for range n {
			s.Hub.SeedChanged(testSeed(2, agentapi.Backup, agentapi.Running)) // never blocks
			synctest.Wait()
		}
		close(slow.blocked)
		<-gone
		stop()
		kinds, _ := events(fast.text())
		want(t, "events of the fast reader", len(kinds), n)
		if !strings.Contains(slow.text(), "event: end\ndata: {\"Reason\":\"this reader was too slow") {
			t.Error("the slow reader was not told why it was sent away")
		}
		kinds, ids := events(slow.text())
		if len(kinds) >= n || len(ids) == 0 {
			t.Errorf("the slow reader got %d events", len(kinds))
		}
	})
}

func TestBrokenConnectionEndsItsStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, newWorld(), nil)
		out := &sink{}
		done, _ := listen(t, s, out, "")
		out.mu.Lock()
		out.broken = io.ErrClosedPipe
		out.mu.Unlock()
		s.Hub.SeedChanged(testSeed(2, agentapi.Backup, agentapi.Running))
		<-done
		want(t, "readers left", len(s.Hub.subs), 0)
	})
}

func TestHubKeepsABoundedPast(t *testing.T) {
	h := NewHub(nil)
	for range ringEvents + 10 {
		h.StateAdded(agent.StageState{Details: "x"})
	}
	want(t, "events kept", len(h.ring), ringEvents)
	for range 40 {
		h.StateAdded(agent.StageState{Details: strings.Repeat("x", 1<<20)})
	}
	if len(h.ring) >= 17 || h.size > ringBytes {
		t.Errorf("%d events of %d bytes are kept", len(h.ring), h.size)
	}
	sum := 0
	for _, e := range h.ring {
		sum += len(e.Data)
	}
	want(t, "bytes counted", h.size, sum)
}
