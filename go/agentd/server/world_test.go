package server

import (
	"context"
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
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/journal"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/runner"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testToken = "ad794e7b4d25326e24aa928d843b86aedeaea9f50a8ed685898894dac1e8282f"

// world is a server with a real runner and host, and a method that does what the test says.
type world struct {
	t     *testing.T
	url   string
	log   *logText
	http  *http.Client
	state string // directory of the journal
}

// logText is a log that may be read while it is written.
type logText struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logText) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newWorld(t *testing.T, m *methodtest.Method, change func(*Options, *host.Options)) *world {
	t.Helper()
	text := &logText{}
	log := slog.New(slog.NewTextHandler(text, &slog.HandlerOptions{Level: slog.LevelDebug}))
	state := t.TempDir()
	j, err := journal.Open(state)
	if err != nil {
		t.Fatal(err)
	}
	backup := t.TempDir()
	r, err := runner.Open(context.Background(), runner.Options{
		Journal: j, Methods: []method.Method{m}, BackupDir: backup, Hostname: "tgt1", Grace: 100 * time.Millisecond, Logger: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	ho := host.Options{
		MySQL: host.NewMySQL(host.MySQLOptions{User: "agent", Password: "hidden-pw", Port: 1, ConnectTimeout: time.Second}), BackupDir: backup,
		CustomCommands:  map[string][]string{"echo": {"echo", "hello1"}, "fails": {"sh", "-c", "echo broken >&2; exit 4"}},
		PostSeedCommand: []string{"echo", "hello"}, Logger: log,
	}
	o := Options{
		Runner: r, Info: agentapi.Info{Hostname: "tgt1", Port: 3003, Token: testToken, MySQLPort: 3312}, Token: testToken,
		Healthy: func() bool { return true }, BindAddress: "127.0.0.1", Logger: log,
	}
	if change != nil {
		change(&o, &ho)
	}
	h := host.New(ho)
	o.Host = h
	o.Data = func(ctx context.Context) agentapi.Data { return h.Data(ctx) }
	s := New(o)
	ts := httptest.NewServer(s.Handler())
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		ts.Close()
		s.Shutdown(context.Background())
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		h.Close()
		j.Close()
	})
	return &world{t: t, url: ts.URL, log: text, http: client, state: state}
}

// ask sends a request and returns status, content type and body.
func (w *world) ask(verb, path, body string, headers ...string) (int, string, string) {
	w.t.Helper()
	req, err := http.NewRequest(verb, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := w.http.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Content-Type"), string(b)
}

// get asks with the token in the header.
func (w *world) get(path string) (int, string) {
	w.t.Helper()
	status, _, body := w.ask("GET", "/api/"+path, "", agentapi.HeaderToken, testToken)
	return status, body
}

// header asks with the token and returns the answer's header and body.
func (w *world) header(path string) (http.Header, string) {
	w.t.Helper()
	req, err := http.NewRequest("GET", w.url+"/api/"+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set(agentapi.HeaderToken, testToken)
	res, err := w.http.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return res.Header, string(b)
}

// until asks again until the body holds the text.
func (w *world) until(path, text string) string {
	w.t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		_, body := w.get(path)
		if strings.Contains(body, text) {
			return body
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			w.t.Fatalf("%s never said %q but %s", path, text, body)
		}
	}
}
