package server

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
)

const streamSecret = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"

func headerOf(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func TestTermsReachTheMethodAndNeitherLogNorJournal(t *testing.T) {
	works := make(chan method.Work, 2)
	see := func(_ context.Context, w *method.Work) error {
		works <- *w
		return nil
	}
	w := newWorld(t, &methodtest.Method{OnPrepare: see, OnBackup: see}, nil)
	bound := int64(5000)
	terms := agentapi.SeedTerms{Secret: streamSecret, PeerHost: "src1", DataPort: 21234, SourceMySQLPort: 3307, SourceBytes: 1 << 40, Bandwidth: &bound}
	for _, call := range []string{"prepare/7/Mysqldump/Target?attempt=1", "backup/7/Mysqldump/src2/3308?attempt=2"} {
		if status, _, body := w.ask("GET", "/api/"+call, "", agentapi.HeaderToken, testToken, agentapi.HeaderSeedTerms, headerOf(t, terms)); status != 202 {
			t.Fatal(status, body)
		}
		got := <-works
		if got.Terms.Secret != streamSecret || got.Terms.DataPort != 21234 || got.Terms.SourceBytes != 1<<40 || got.Run.Limit() != 5000 {
			t.Errorf("%s: %+v, limit %d", call, got.Terms, got.Run.Limit())
		}
		host, port := "src1", 3307
		if strings.HasPrefix(call, "backup") { // the path's own words count
			host, port = "src2", 3308
		}
		if got.PeerHost != host || got.SourceMySQLPort != port {
			t.Errorf("%s: %s:%d", call, got.PeerHost, got.SourceMySQLPort)
		}
		w.until("seed-stage-state/7/"+map[bool]string{true: "Prepare", false: "Backup"}[strings.HasPrefix(call, "prepare")], `"Completed"`)
	}
	if strings.Contains(w.log.String(), streamSecret) || strings.Contains(w.log.String(), headerOf(t, terms)) {
		t.Error("the secret is in the log")
	}
	b, err := os.ReadFile(filepath.Join(w.state, "seeds", "seed-7.json"))
	if err != nil || !strings.Contains(string(b), `"DataPort": 21234`) || strings.Contains(string(b), streamSecret[:16]) {
		t.Errorf("%v: %s", err, b)
	}
}

func TestBrokenTermsAreRefusedWithoutQuotingThem(t *testing.T) {
	w := newWorld(t, &methodtest.Method{}, nil)
	bad := int64(-1)
	for name, value := range map[string]string{
		"no base64": "§" + streamSecret, "no JSON": base64.RawURLEncoding.EncodeToString([]byte(streamSecret)),
		"other JSON": headerOf(t, map[string]any{"Secret": streamSecret, "DataPort": streamSecret}), "empty": "",
		"secret too short": headerOf(t, agentapi.SeedTerms{Secret: streamSecret[:62]}), "secret no hex": headerOf(t, agentapi.SeedTerms{Secret: strings.Repeat("x", 64)}),
		"port": headerOf(t, agentapi.SeedTerms{DataPort: 65536}), "bandwidth": headerOf(t, agentapi.SeedTerms{Bandwidth: &bad}),
		"too long": headerOf(t, agentapi.SeedTerms{PeerHost: strings.Repeat("x", 9000)}), "host": headerOf(t, agentapi.SeedTerms{PeerHost: strings.Repeat("x", 300)}),
	} {
		status, _, body := w.ask("GET", "/api/prepare/7/Mysqldump/Target", "", agentapi.HeaderToken, testToken, agentapi.HeaderSeedTerms, value)
		if status != 500 || !strings.Contains(body, agentapi.HeaderSeedTerms) || strings.Contains(body, streamSecret[:62]) {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	if status, body := w.get("seed-stage-state/7/Prepare"); status != 500 || !strings.Contains(body, "SeedID 7 not found") {
		t.Error("something was started:", body)
	}
}

func TestBandwidthIsSetWhileASeedRuns(t *testing.T) {
	limits := make(chan int64)
	w := newWorld(t, &methodtest.Method{OnBackup: func(ctx context.Context, w *method.Work) error {
		for {
			select {
			case limits <- w.Run.Limit():
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}}, nil)
	if status, body := w.get("bandwidth/7/100"); status != 500 || !strings.Contains(body, "SeedID 7 not found") || !strings.Contains(body, "unknown-seed") {
		t.Error(status, body)
	}
	w.get("prepare/7/Mysqldump/Target")
	w.until("seed-stage-state/7/Prepare", `"Completed"`)
	w.get("backup/7/Mysqldump/src1/3306")
	if n := <-limits; n != 0 {
		t.Error(n)
	}
	if status, body := w.get("bandwidth/7/4096"); status != 200 || !strings.Contains(body, `"Code":"OK"`) {
		t.Error(status, body)
	}
	<-limits // may have been asked before
	if n := <-limits; n != 4096 {
		t.Error(n)
	}
	for _, wrong := range []string{"-1", "x", "1e3", "99999999999999999999"} {
		if status, body := w.get("bandwidth/7/" + wrong); status != 500 || !strings.Contains(body, "bytes a second") {
			t.Error(wrong, status, body)
		}
	}
	if status, _, body := w.ask("GET", "/api/bandwidth/7/1", ""); status != 500 || !strings.Contains(body, "Invalid token") {
		t.Error(status, body)
	}
}

func TestReleaseSaysWhatBecameOfTheOldData(t *testing.T) {
	w := newWorld(t, &methodtest.Method{
		OnPrepare: func(_ context.Context, w *method.Work) error {
			return w.Run.OldData(agentapi.OldDataAside, "/data/old")
		},
		OnRelease: func(_ context.Context, w *method.Work) error { return w.Run.OldData(agentapi.OldDataPutBack, "") },
	}, nil)
	w.get("prepare/7/Mysqldump/Target")
	if body := w.until("seed-stage-state/7/Prepare", `"Completed"`); !strings.Contains(body, `"OldData":"aside","OldDataAt":"/data/old"`) {
		t.Error(body)
	}
	for range 2 { // a second call, too
		if h, body := w.header("release-seed/7"); body != "released" || h.Get(agentapi.HeaderOldData) != "put-back" {
			t.Error(h, body)
		}
	}
	if h, body := w.header("release-seed/99"); body != "released" || h.Get(agentapi.HeaderOldData) != "" {
		t.Error(h, body)
	}
}

func TestProbeDoesNotTakeThePortOfAReceivingEnd(t *testing.T) {
	stranger, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	w := newWorld(t, &methodtest.Method{OnPrepare: func(_ context.Context, w *method.Work) error {
		return w.Run.Background(func(ctx context.Context, _ method.Runner) error { <-ctx.Done(); return ctx.Err() })
	}}, func(o *Options, _ *host.Options) { o.SeedPort = stranger.Addr().(*net.TCPAddr).Port })
	if status, body := w.get("probe-listen"); status != 500 || !strings.Contains(body, "port-in-use") || !strings.Contains(body, "address already in use") {
		t.Error(status, body)
	}
	w.get("prepare/7/Mysqldump/Target")
	w.until("seed-stage-state/7/Prepare", `"Completed"`)
	if status, body := w.get("probe-listen"); status != 500 || !strings.Contains(body, "port-in-use") || !strings.Contains(body, "seed 7 receives") {
		t.Error(status, body)
	}
}

func FuzzParseTerms(f *testing.F) {
	bound := int64(0)
	f.Add(headerOf(f, agentapi.SeedTerms{Secret: streamSecret, PeerHost: "src1", DataPort: 21234, Bandwidth: &bound}))
	f.Add(headerOf(f, agentapi.SeedTerms{}))
	f.Add("e30")
	f.Add("bnVsbA")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseTerms(text)
		if err == nil && (got == nil || got.Secret != "" && len(got.Secret) != 64) {
			t.Errorf("%q gives %+v", text, got)
		}
	})
}
