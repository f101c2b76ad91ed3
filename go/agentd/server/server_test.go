package server

import (
	"context"
	"encoding/json"
	"net"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
)

func TestTokenIsTakenFromQueryAndHeadersAndNothingElseOpens(t *testing.T) {
	w := newWorld(t, &methodtest.Method{}, func(o *Options, _ *host.Options) { o.TokenHeader = "X-My-Token" })
	for _, c := range []struct {
		query   string
		headers []string
		want    int
	}{
		{"?token=" + testToken, nil, 200},
		{"", []string{agentapi.HeaderToken, testToken}, 200},
		{"", []string{"X-My-Token", testToken}, 200},
		{"?token=wrong", []string{agentapi.HeaderToken, testToken}, 200},
		{"", nil, 500},
		{"?token=", nil, 500},
		{"?token=" + testToken[:63], nil, 500},
		{"", []string{"X-Other-Token", testToken}, 500},
	} {
		if status, _, body := w.ask("GET", "/api/active-seed"+c.query, "", c.headers...); status != c.want {
			t.Errorf("%+v: %d %s", c, status, body)
		}
	}
	if status, _, _ := w.ask("POST", "/api/active-seed", "", agentapi.HeaderToken, testToken); status != 405 {
		t.Errorf("POST: %d", status)
	}
}

func TestBasicPasswordProtectsWhatNeedsNoToken(t *testing.T) {
	w := newWorld(t, &methodtest.Method{}, func(o *Options, _ *host.Options) { o.BasicUser, o.BasicPassword = "u", "p" })
	for path, want := range map[string]int{"/api/get-agent-info": 401, "/api/status": 200, "/api/get-agent-info?token=" + testToken: 200} {
		if status, _, _ := w.ask("GET", path, ""); status != want {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, _, _ := w.ask("GET", "/api/get-agent-info", "", "Authorization", "Basic dTpw"); status != 200 {
		t.Error(status)
	}
}

func TestStatusIsBadWhenTheServiceIsAway(t *testing.T) {
	w := newWorld(t, &methodtest.Method{}, func(o *Options, _ *host.Options) {
		o.Healthy, o.StatusEndpoint = func() bool { return false }, "/health"
	})
	for _, path := range []string{"/health", "/api/status"} {
		if status, _, body := w.ask("GET", path, ""); status != 500 || body != `"BAD"` {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

func TestAttemptsTravelInTheQuery(t *testing.T) {
	w := newWorld(t, &methodtest.Method{OnBackup: func(ctx context.Context, mw *method.Work) error {
		mw.Run.Progress(5, 10, "dumping")
		return mw.Run.Command(ctx, nil, "sleep", "300").Run()
	}}, nil)
	if status, body := w.get("prepare/7/Mysqldump/Target?attempt=1"); status != 202 || body != "Started" {
		t.Fatal(status, body)
	}
	w.until("seed-stage-state/7/Prepare?attempt=1", `"Completed"`)
	if status, body := w.get("backup/7/Mysqldump/src1/3306?attempt=2"); status != 202 || body != "Started" {
		t.Fatal(status, body)
	}
	if body := w.until("seed-stage-state/7/Backup?attempt=2", `"Bytes":5`); !strings.Contains(body, `"Attempt":2`) {
		t.Error(body)
	}
	for path, want := range map[string]string{
		"seed-stage-state/7/Backup?attempt=1":    `"ErrorCode":"unknown-seed"`,
		"prepare/7/Mysqldump/Target?attempt=1":   `"ErrorCode":"stale-attempt"`,
		"prepare/8/Mysqldump/Target?attempt=1":   `"ErrorCode":"host-busy"`,
		"cleanup/7/Mysqldump/Source?attempt=3":   `"ErrorCode":"other-seed"`,
		"seed-stage-state/7/Backup?attempt=zero": `"Code":"ERROR"`,
		"prepare/7/Mysqldump/Target?attempt=-1":  `"Code":"ERROR"`,
	} {
		if status, body := w.get(path); status != 500 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if status, body := w.get("abort-seed-stage/7/Backup?attempt=2"); status != 200 || body != "killed" {
		t.Error(status, body)
	}
	if _, body := w.get("seed-stage-state/7/Backup?attempt=2"); !strings.Contains(body, `"ErrorCode":"aborted"`) {
		t.Error(body)
	}
	for _, id := range []string{"7", "7", "999"} {
		if status, body := w.get("release-seed/" + id); status != 200 || body != "released" {
			t.Error(status, body)
		}
	}
}

func TestDisabledMethodTakesNoNewSeed(t *testing.T) {
	w := newWorld(t, &methodtest.Method{}, func(o *Options, _ *host.Options) { o.Disabled = map[agentapi.Method]bool{agentapi.Mysqldump: true} })
	if status, body := w.get("prepare/7/Mysqldump/Target?attempt=1"); status != 500 || !strings.Contains(body, "Seed method unavailiable on agent") {
		t.Error(status, body)
	}
}

func TestCommandsTakeNothingFromTheCaller(t *testing.T) {
	w := newWorld(t, &methodtest.Method{}, nil)
	for path, want := range map[string]string{
		"custom-commands/fails":            `command \"sh\": exit status 4: broken`,
		"custom-commands/echo%20x":         "echo x : Command not found",
		"custom-commands/..%2f..%2fbin%2f": "Command not found",
		"umount":                           "LVM is not enabled",
		"removelv?lv=/dev/vg/x":            "LVM is not enabled",
		"create-snapshot":                  "LVM is not enabled",
		"mysql-start":                      "service-start-command is not configured",
		"mysql-stop":                       "service-stop-command is not configured",
	} {
		if status, body := w.get(path); status != 500 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

func details(t *testing.T, body string, into any) {
	t.Helper()
	var r struct {
		Code    string
		Details json.RawMessage
	}
	if err := json.Unmarshal([]byte(body), &r); err != nil || r.Code != "OK" {
		t.Fatal(body, err)
	}
	if err := json.Unmarshal(r.Details, into); err != nil {
		t.Fatal(body, err)
	}
}

func TestDataPortIsProbedFromTheOtherAgent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	w := newWorld(t, &methodtest.Method{}, func(o *Options, _ *host.Options) { o.SeedPort = port })
	probe := func(nonce string) agentapi.ProbeResult {
		status, body := w.get("probe-connect/127.0.0.1/" + strconv.Itoa(port) + "?nonce=" + url.QueryEscape(nonce))
		if status != 200 {
			t.Fatal(status, body)
		}
		var r agentapi.ProbeResult
		details(t, body, &r)
		return r
	}
	if r := probe("x"); r.OK || !strings.Contains(r.Error, "refused") {
		t.Errorf("closed port: %+v", r)
	}
	var opened probeOpened
	for range 2 { // a second probe takes the first one's place
		status, body := w.get("probe-listen?seconds=10")
		if status != 200 {
			t.Fatal(status, body)
		}
		details(t, body, &opened)
	}
	if opened.Port != port || opened.Nonce == "" {
		t.Fatalf("%+v", opened)
	}
	if r := probe(opened.Nonce); !r.OK {
		t.Errorf("%+v", r)
	}
	if _, body := w.get("probe-listen"); !strings.Contains(body, `"OK"`) {
		t.Error(body)
	}
	if r := probe(strings.Repeat("z", 26)); r.OK || !strings.Contains(r.Error, "something else answers") {
		t.Errorf("%+v", r)
	}
	if status, body := w.get("probe-listen?seconds=3600"); status != 500 {
		t.Error(status, body)
	}
}

func TestProbeOfMySQLNeverShowsThePassword(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close() // nobody is there
	w := newWorld(t, &methodtest.Method{}, nil)
	for _, user := range []string{"repl", ""} {
		b, err := json.Marshal(agentapi.ProbeMySQL{Host: "127.0.0.1", Port: port, User: user, Password: "s3cr3t"})
		if err != nil {
			t.Fatal(err)
		}
		status, _, body := w.ask("POST", "/api/probe-mysql", string(b), agentapi.HeaderToken, testToken)
		var r agentapi.ProbeResult
		details(t, body, &r)
		if status != 200 || r.OK || r.Error == "" {
			t.Errorf("%d %+v", status, r)
		}
	}
	status, _, body := w.ask("POST", "/api/probe-mysql", `{"Host":"h","Password":"s3cr3t"`, agentapi.HeaderToken, testToken)
	if status != 500 {
		t.Error(status)
	}
	for _, text := range []string{body, w.log.String()} {
		if strings.Contains(text, "s3cr3t") || strings.Contains(text, "hidden-pw") {
			t.Error(text)
		}
	}
}

func TestDataComesSoonWhenMySQLIsAway(t *testing.T) {
	w := newWorld(t, &methodtest.Method{}, func(_ *Options, h *host.Options) { h.DataWait = time.Second })
	status, body := w.get("get-agent-data")
	var d agentapi.Data
	if err := json.Unmarshal([]byte(body), &d); err != nil || status != 200 {
		t.Fatal(status, err, body)
	}
	if d.MySQLRunning || d.MySQLError == "" || d.BackupDir == "" || d.BackupDirDiskFree <= 0 || d.NumCPU < 1 || d.MemTotal <= 0 || len(d.AgentCommands) != 3 {
		t.Errorf("%+v", d)
	}
}
