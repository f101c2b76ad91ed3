package http

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testToken = "8969dbb7e04f4da8bfcfa03f79f72242ab4f6bf4587772cce94d949f7ae22353"
	testHost  = "src1"
)

var testTime = time.Date(2026, 11, 22, 16, 17, 54, 123456789, time.UTC)

// world is everything behind the handlers, in memory: it records what it was asked and answers from its fields.
type world struct {
	mu      sync.Mutex
	seeds   []*agent.Seed
	states  []agent.StageState
	hosts   []*agent.Host
	audits  []agent.AuditEntry
	attrs   []agent.HostAttribute
	calls   []string
	filter  agent.SeedFilter
	hfilter agent.HostFilter
	fail    error // what every call of the engine and of agents fails with
	node    seedapi.NodeStatus
	hold    chan struct{} // when set, Register waits for it or its context
}

func newWorld() *world {
	return &world{
		seeds: []*agent.Seed{testSeed(2, agentapi.Backup, agentapi.Running), testSeed(1, agentapi.Cleanup, agentapi.Completed)},
		states: []agent.StageState{{ID: 24, SeedID: 1, Stage: agentapi.Cleanup, Host: testHost, At: testTime,
			Status: agentapi.Completed, Details: "Seed completed", Attempt: 5, Repeats: 1}},
		hosts: []*agent.Host{testAgent(testHost, 3311), testAgent("tgt1", 3312)},
		node: seedapi.NodeStatus{Node: "node1", Version: "test", IsLeader: true, Leader: "node1", Backend: "sqlite3",
			Healthy: true, StartedAt: testTime},
	}
}

func testSeed(id int64, stage agent.Stage, status agent.Status) *agent.Seed {
	s := &agent.Seed{ID: id, TargetHost: "tgt1", SourceHost: testHost, Method: agentapi.Mysqldump, BackupSide: agentapi.Target,
		Stage: stage, Status: status, StartedAt: testTime, UpdatedAt: testTime.Add(time.Minute), Attempt: 2}
	s.Engine.StageStartedAt = testTime
	s.Engine.SourceBytes, s.Engine.OldData, s.Engine.OldDataAt = 4e9, agentapi.OldDataAside, "/var/lib/mysql.old"
	s.Engine.StreamKey = agent.StreamKey("0123456789abcdef0123456789abcdef")
	s.Engine.Hosts = map[agent.Side]*agent.HostState{agentapi.Target: {Stage: agentapi.Running}}
	s.Engine.Progress = agent.Progress{Bytes: 250, Total: 1000, Rate: 100, What: "dumping shop.orders", MovedAt: testTime}
	if !s.Active() {
		s.EndedAt = testTime.Add(time.Hour)
	}
	return s
}

func testAgent(name string, mysqlPort int) *agent.Host {
	return &agent.Host{
		Info: agentapi.Info{Hostname: name, Port: 3002, Token: testToken, MySQLPort: mysqlPort},
		Data: &agentapi.Data{BackupDir: "/backup", BackupDirDiskFree: 79912726528, MySQLRunning: true,
			MySQLDatabases:        map[string]agentapi.Database{"small": {Engines: []string{"InnoDB"}, Size: 39911424}, "empty": {}},
			AvailiableSeedMethods: map[agentapi.Method]agentapi.MethodOffer{agentapi.Mysqldump: {BackupSide: agentapi.Target, SupportedEngines: []string{"InnoDB"}}},
			AgentCommands:         []string{"echo"}, NumCPU: 2},
		LastSeen: testTime, Status: agent.HostActive, ClusterAlias: "shop", MySQLVersion: "10.11",
	}
}

func (w *world) note(format string, args ...any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, fmt.Sprintf(format, args...))
	return w.fail
}

func (w *world) called(call string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		if c == call {
			return true
		}
	}
	return false
}

// engine

func (w *world) Check(_ context.Context, m agent.Method, target, source string) ([]agent.Check, error) {
	return []agent.Check{{Name: "source is not target", Result: agent.Pass, Found: source, Needed: "another host than " + target}},
		w.note("check %s %s %s", m, target, source)
}

func (w *world) StartSeed(_ context.Context, m agent.Method, target, source, user string) (*agent.Seed, error) {
	if err := w.note("start %s %s %s by %s", m, target, source, user); err != nil {
		return nil, err
	}
	return w.seeds[0], nil
}

func (w *world) Abort(_ context.Context, id int64, force bool, user string) error {
	return w.note("abort %d %v by %s", id, force, user)
}
func (w *world) Retry(_ context.Context, id int64, _ string) error { return w.note("retry %d", id) }
func (w *world) ReleaseSeed(_ context.Context, id int64, _ string) error {
	return w.note("release %d", id)
}
func (w *world) SetBandwidth(_ context.Context, id, n int64, user string) error {
	return w.note("bandwidth %d %d by %s", id, n, user)
}
func (w *world) ProcessSeeds(context.Context) ([]*agent.Seed, error) {
	return w.seeds[:1], w.note("process")
}
func (w *world) AgentReported(_ context.Context, host string, st agentapi.SeedStageState) error {
	return w.note("reported %s %d %s %s", host, st.SeedID, st.Stage, st.Status)
}

// registry

func (w *world) Register(ctx context.Context, info agentapi.Info) error {
	if w.hold != nil {
		select {
		case <-w.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return w.note("register %s %d %s %d", info.Hostname, info.Port, info.Token, info.MySQLPort)
}

func (w *world) Update(ctx context.Context, host string) (*agent.Host, error) {
	if err := w.note("update %s", host); err != nil {
		return nil, err
	}
	return w.Host(ctx, host)
}

func (w *world) Authenticate(_ context.Context, host, token string) error {
	if host != testHost {
		return agent.ErrNotFound
	}
	if token != testToken {
		return agent.ErrRefused
	}
	return nil
}

// data

func (w *world) Seeds(_ context.Context, f agent.SeedFilter) ([]*agent.Seed, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.filter = f
	var out []*agent.Seed
	for _, s := range w.seeds {
		if !f.ActiveOnly || s.Active() {
			out = append(out, s)
		}
	}
	return out, nil
}

func (w *world) Seed(_ context.Context, id int64) (*agent.Seed, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.seeds {
		if s.ID == id {
			return s, nil
		}
	}
	return nil, fmt.Errorf("read seed: %w", agent.ErrNotFound)
}

func (w *world) Host(_ context.Context, name string) (*agent.Host, error) {
	for _, h := range w.hosts {
		if h.Info.Hostname == name {
			return h, nil
		}
	}
	return nil, fmt.Errorf("read host: %w", agent.ErrNotFound)
}

func (w *world) Audit(_ context.Context, e agent.AuditEntry) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.audits = append(w.audits, e)
	return nil
}

func (w *world) SeedStates(context.Context, int64) ([]agent.StageState, error) { return w.states, nil }
func (w *world) SeedStatesSince(context.Context, int64, int) ([]agent.StageState, error) {
	return w.states, nil
}
func (w *world) LastStateID(context.Context) (int64, error) { return 24, nil }
func (w *world) Hosts(_ context.Context, f agent.HostFilter) ([]*agent.Host, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hfilter = f
	return w.hosts, nil
}
func (w *world) HostNames(_ context.Context, prefix string) ([]string, error) {
	return []string{prefix + "1"}, nil
}
func (w *world) ClusterAliases(context.Context, string) ([]string, error) { return nil, nil }
func (w *world) AuditPage(_ context.Context, page, perPage int) ([]agent.AuditRow, error) {
	return []agent.AuditRow{{ID: int64(page*perPage + 1), AuditEntry: agent.AuditEntry{At: testTime, Type: "agent-seed",
		Host: testHost, Port: 3311, Message: "seed 1", User: "dba"}}}, nil
}
func (w *world) SetHostAttribute(_ context.Context, host, name, value string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.attrs = append(w.attrs, agent.HostAttribute{Host: host, Name: name, Value: value, SubmittedAt: testTime})
	return nil
}
func (w *world) HostAttributes(context.Context, string, string) ([]agent.HostAttribute, error) {
	return w.attrs, nil
}
func (w *world) CountSeeds(context.Context) ([]agent.SeedCount, error) { return nil, nil }
func (w *world) Ping(context.Context) error                            { return nil }

// agents and node

func (w *world) MySQLStart(_ context.Context, h *agent.Host) error {
	return w.note("mysql-start %s", h.Info.Hostname)
}
func (w *world) MySQLStop(_ context.Context, h *agent.Host) error {
	return w.note("mysql-stop %s", h.Info.Hostname)
}
func (w *world) MySQLErrorLog(context.Context, *agent.Host) (string, error) {
	return "line 1\nline \"2\"", w.fail
}
func (w *world) MountLV(_ context.Context, _ *agent.Host, lv string) error {
	return w.note("mount %s", lv)
}
func (w *world) Unmount(context.Context, *agent.Host) error { return w.note("umount") }
func (w *world) RemoveLV(_ context.Context, _ *agent.Host, lv string) error {
	return w.note("removelv %s", lv)
}
func (w *world) CreateSnapshot(context.Context, *agent.Host) error { return w.note("snapshot") }
func (w *world) CustomCommand(_ context.Context, _ *agent.Host, command string) (string, error) {
	return "hello\n", w.note("command %s", command)
}
func (w *world) NodeStatus(context.Context) seedapi.NodeStatus { return w.node }

// start makes a server over the world; change may alter its options.
func start(t *testing.T, w *world, change func(*Options)) *Server {
	t.Helper()
	o := Options{Engine: w, Registry: w, Data: w, Agents: w, Node: w, Hub: NewHub(nil)}
	if change != nil {
		change(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// ask sends one request and returns status, body and headers. headers are "Name: value".
func ask(t *testing.T, h http.Handler, method, path, body string, headers ...string) (int, string, http.Header) {
	t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, path, in)
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Basic" {
			user, pass, _ := strings.Cut(value, ":")
			r.SetBasicAuth(user, pass)
			continue
		}
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String(), w.Header()
}

func get(t *testing.T, h http.Handler, path string, headers ...string) (int, string) {
	t.Helper()
	code, body, _ := ask(t, h, "GET", path, "", headers...)
	return code, body
}

func want(t *testing.T, what string, got, wanted any) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s:\n got %v\nwant %v", what, got, wanted)
	}
}
