package http

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

const v2Registration = `{"Hostname":"src1","Port":3002,"Token":"` + testToken + `","MySQLPort":3311}`

func TestV2AgentIsAnsweredAsItExpects(t *testing.T) {
	w := newWorld()
	h := start(t, w, nil).AgentsHandler()
	for _, c := range []struct{ method, path, body, contentType, answer string }{
		{"POST", "/api/register-agent", v2Registration, "application/json", `200 "src1" application/json; charset=UTF-8`},
		{"POST", "/api/register-agent", v2Registration, "application/x-www-form-urlencoded", `200 "src1" application/json; charset=UTF-8`},
		{"GET", "/api/agent-ping", "", "", `200 "OK" application/json; charset=UTF-8`},
		{"GET", "/api/agents-instances", "", "", `200 ["src1:3311","tgt1:3312"] application/json; charset=UTF-8`},
		{"GET", "/api/agents-instances?format=txt", "", "", "200 src1:3311\ntgt1:3312 text/plain; charset=utf-8"},
		{"POST", "/api/register-agent", "not json", "", `400 {"Code":"ERROR","Message":"The request's body is not the JSON object that is needed.","Details":null,"ErrorCode":"bad-input"} application/json; charset=UTF-8`},
	} {
		code, body, header := ask(t, h, c.method, c.path, c.body, "Content-Type: "+c.contentType, "Accept-Encoding: gzip", "User-Agent: Go-http-client/1.1")
		want(t, c.method+" "+c.path, fmt.Sprint(code, " ", body, " ", header.Get("Content-Type")), c.answer)
	}
	want(t, "what was registered", w.called("register src1 3002 "+testToken+" 3311"), true)
}

func TestRegistrationIsCheckedBeforeTheCallBack(t *testing.T) {
	for _, body := range []string{
		"", "null", "{}", `{"Hostname":"a b","Port":1,"Token":"t","MySQLPort":1}`, `{"Hostname":"a","Port":0,"Token":"t"}`,
		`{"Hostname":"a","Port":70000,"Token":"t"}`, `{"Hostname":"a","Port":1,"Token":""}`, `{"Hostname":"a","Port":"1","Token":"t"}`,
		`{"Hostname":"a","Port":1,"Token":"t","MySQLPort":-1}`, `{"Hostname":"../x","Port":1,"Token":"t"}`,
	} {
		w := newWorld()
		if code, answer, _ := ask(t, start(t, w, nil).AgentsHandler(), "POST", "/api/register-agent", body); code != 400 || len(w.calls) != 0 {
			t.Errorf("%s: %d %s, calls %q", body, code, answer, w.calls)
		}
	}
}

func TestRegistrationGoesOnWhenAnImpatientAgentHangsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.hold = make(chan struct{})
		s := start(t, w, nil)
		ctx, hangUp := context.WithCancel(t.Context())
		r := httptest.NewRequest("POST", "/api/register-agent", strings.NewReader(v2Registration)).WithContext(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.AgentsHandler().ServeHTTP(httptest.NewRecorder(), r)
		}()
		synctest.Wait()
		hangUp()
		synctest.Wait()
		close(w.hold)
		<-done
		want(t, "registered", w.called("register src1 3002 "+testToken+" 3311"), true)
	})
}

func TestNothingGoesOnAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.hold = make(chan struct{})
		s := start(t, w, nil)
		rec := httptest.NewRecorder()
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.AgentsHandler().ServeHTTP(rec, httptest.NewRequest("POST", "/api/register-agent", strings.NewReader(v2Registration)))
		}()
		synctest.Wait()
		s.Close()
		<-done
		want(t, "status", rec.Code, 500)
	})
}

func TestHostAttributesAreStoredAndFound(t *testing.T) {
	h := start(t, newWorld(), nil).AgentsHandler()
	code, body := get(t, h, "/api/host-attribute/src1/rack/A%2F7")
	want(t, "set", fmt.Sprint(code, body), "200true")
	for _, path := range []string{"/api/host-attribute/attr/rack/?valueMatch=A", "/api/host-attribute/attr/rack?valueMatch=A"} {
		_, body = get(t, h, path)
		want(t, path, body, `[{"Hostname":"src1","AttributeName":"rack","AttributeValue":"A/7","SubmitTimestamp":"2026-11-22 16:17:54","ExpireTimestamp":""}]`)
	}
	code, _ = get(t, h, "/api/host-attribute/src1/rack/x", "Sec-Fetch-Site: cross-site")
	want(t, "another site's page", code, 403)
}

func TestStageReportWakesTheSeedOnlyWithTheAgentsToken(t *testing.T) {
	const state = `{"SeedID":7,"Stage":"Backup","Hostname":"src1","Status":"Completed","Timestamp":"2026-11-22T16:17:54Z"}`
	host, token := agentapi.HeaderAgentHost+": src1", agentapi.HeaderToken+": "+testToken
	for _, c := range []struct {
		name    string
		headers []string
		body    string
		code    int
	}{
		{"right", []string{host, token}, state, 200},
		{"no headers", nil, state, 401},
		{"no token", []string{host}, state, 401},
		{"wrong token", []string{host, agentapi.HeaderToken + ": x"}, state, 401},
		{"unknown agent", []string{agentapi.HeaderAgentHost + ": other", token}, state, 401},
		{"for another host", []string{host, token}, strings.Replace(state, "src1", "tgt1", 1), 403},
		{"unknown stage", []string{host, token}, strings.Replace(state, "Backup", "Nosuch", 1), 400},
		{"unknown status", []string{host, token}, strings.Replace(state, "Completed", "Done", 1), 400},
		{"no JSON", []string{host, token}, "<html>", 400},
		{"too large", []string{host, token}, `{"Details":"` + strings.Repeat("x", maxBody) + `"}`, 413},
	} {
		w := newWorld()
		code, body, _ := ask(t, start(t, w, nil).AgentsHandler(), "POST", "/api/seed-stage-state", c.body, c.headers...)
		if code != c.code || w.called("reported src1 7 Backup Completed") != (c.code == 200) {
			t.Errorf("%s: %d %s, calls %q", c.name, code, body, w.calls)
		}
	}
	w := newWorld()
	w.fail = fmt.Errorf("read: %w", agent.ErrNotFound)
	code, _, _ := ask(t, start(t, w, nil).AgentsHandler(), "POST", "/api/seed-stage-state", state, host, token)
	want(t, "unknown seed", code, 404)
}

func TestDoorIsOpenWithAndWithoutThePrefix(t *testing.T) {
	h := start(t, newWorld(), func(o *Options) { o.URLPrefix = "/orc"; o.ReadOnly = true }).AgentsHandler()
	for _, path := range []string{"/api/agent-ping", "/orc/api/agent-ping"} {
		code, body := get(t, h, path)
		want(t, path, fmt.Sprint(code, body), `200"OK"`)
	}
	code, _ := get(t, h, "/orc/api/seeds")
	want(t, "the door is for agents only", code, 404)
}

func TestListenerServesAndShutsDownWithStreamsOpen(t *testing.T) {
	s := start(t, newWorld(), nil)
	l, err := Listen(t.Context(), ListenOptions{Address: "127.0.0.1:0", Handler: s.Handler()})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- l.Serve() }()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	resp, err := client.Get("http://" + l.Addr().String() + "/api/events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	want(t, "content type", resp.Header.Get("Content-Type"), "text/event-stream; charset=utf-8")
	lines := lineReader(resp.Body)
	want(t, "first line", <-lines, "retry: 2000")

	s.Hub.SeedChanged(testSeed(3, agentapi.Restore, agentapi.Running))
	event := untilBlank(lines)
	if !strings.Contains(event, "event: seed\n") || !strings.Contains(event, `"SeedID":3`) {
		t.Errorf("event is %q", event)
	}
	s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := l.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if rest := untilBlank(lines); !strings.Contains(rest, "shutting down") {
		t.Errorf("the stream ended with %q", rest)
	}
}

func TestListenerSaysWhyItCannotListen(t *testing.T) {
	_, err := Listen(t.Context(), ListenOptions{Address: "127.0.0.1:0", TLS: &TLSFiles{CertFile: "/nonexistent", KeyFile: "/nonexistent"}})
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("error is %v", err)
	}
	if _, err = Listen(t.Context(), ListenOptions{Address: "127.0.0.1:99999"}); err == nil || errors.Is(err, http.ErrServerClosed) {
		t.Errorf("error is %v", err)
	}
}
