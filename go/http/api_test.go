package http

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

func TestSeedHasTheNamesThatCallersRead(t *testing.T) {
	h := start(t, newWorld(), nil).Handler()
	_, body := get(t, h, "/api/agent-seed-details/1")
	for _, part := range []string{
		`"SeedID":1,"TargetHostname":"tgt1","SourceHostname":"src1","SeedMethod":"Mysqldump","BackupSide":"Target","Status":"Completed","Stage":"Cleanup","Retries":0,`,
		`"StartTimestamp":"2026-11-22T16:17:54Z","EndTimestamp":"2026-11-22T17:17:54Z","UpdatedAt":"2026-11-22T16:18:54Z"`,
	} {
		if !strings.Contains(body, part) {
			t.Errorf("%s\nis not in\n%s", part, body)
		}
	}
	_, body = get(t, h, "/api/agent-seed-details/2")
	if !strings.Contains(body, `"EndTimestamp":"0001-01-01T00:00:00Z"`) {
		t.Errorf("a live seed has an end: %s", body)
	}
	var s seedapi.Seed
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		t.Fatal(err)
	}
	want(t, "time left", s.Progress.ETASeconds, int64(8)) // 750 bytes at 100 a second, rounded up
	want(t, "target first", s.Hosts[0].Side, agentapi.Target)
}

func TestStateHasTheNamesThatCallersRead(t *testing.T) {
	_, body := get(t, start(t, newWorld(), nil).Handler(), "/api/agent-seed-states/1")
	want(t, "states", body, `[{"SeedStageID":24,"SeedID":1,"Stage":"Cleanup","Hostname":"src1","Timestamp":"2026-11-22T16:17:54Z",`+
		`"Status":"Completed","Details":"Seed completed","Attempt":5,"Repeats":1}]`)
}

func TestTokenIsInNoAnswer(t *testing.T) {
	w := newWorld()
	w.states[0].Details = "asked http://src1:3002/api/x?token=" + testToken
	s := start(t, w, nil)
	s.Hub.HostChanged(w.hosts[0])
	want(t, "events", strings.Contains(string(s.Hub.ring[0].Data), testToken), false)
	for _, path := range []string{"agents", "agent/src1", "agent-data/src1", "agent-update/src1", "agent-seed-states/1"} {
		if code, body := get(t, s.Handler(), "/api/"+path); code != 200 || strings.Contains(body, testToken) || strings.Contains(body, `"Token"`) {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
}

func TestListsAreNeverNull(t *testing.T) {
	w := newWorld()
	w.seeds, w.states, w.hosts = nil, nil, nil
	h := start(t, w, nil).Handler()
	for _, path := range []string{"agents", "seeds", "clusters-aliases", "agents-failed-seeds", "agent-active-seeds/src1", "seeds-statuses?status=x"} {
		if _, body := get(t, h, "/api/"+path); body != "[]" {
			t.Errorf("%s answers %s", path, body)
		}
	}
}

func TestFiltersAndPagesReachTheStore(t *testing.T) {
	w := newWorld()
	h := start(t, w, nil).Handler()
	for path, f := range map[string]agent.SeedFilter{
		"seeds":                                {Limit: 20},
		"seeds?page=0":                         {Limit: 20},
		"seeds?page=3&status=Failed":           {Limit: 20, Offset: 60, Status: agentapi.Failed},
		"seeds?targethostname=tgt1":            {Limit: 20, Target: "tgt1"},
		"seeds?sourcehostname=a.example.com":   {Limit: 20, Source: "a.example.com"},
		"agent-active-seeds/db1.example.com":   {EitherHost: "db1.example.com", ActiveOnly: true},
		"agent-recent-seeds/%5B2001:db8::1%5D": {EitherHost: "2001:db8::1", Limit: 10},
		"agent-recent-seeds/[2001:db8::1]":     {EitherHost: "2001:db8::1", Limit: 10},
		"agents-failed-seeds":                  {Status: agentapi.Failed},
	} {
		if code, body := get(t, h, "/api/"+path); code != 200 || !reflect.DeepEqual(w.filter, f) {
			t.Errorf("%s: %d %s\nfilter %+v", path, code, body, w.filter)
		}
	}
	for path, f := range map[string]agent.HostFilter{
		"agents":                         {},
		"agents?page=1":                  {Limit: 20, Offset: 20},
		"agents?status=Inactive":         {Status: agent.HostInactive},
		"agents?clusteralias=shop&page=": {ClusterAlias: "shop"},
		"agents?hostname=src1":           {Hostname: "src1"},
	} {
		if code, body := get(t, h, "/api/"+path); code != 200 || w.hfilter != f {
			t.Errorf("%s: %d %s\nfilter %+v", path, code, body, w.hfilter)
		}
	}
}

func TestWordsAreFilteredByPrefixInAnyCase(t *testing.T) {
	h := start(t, newWorld(), nil).Handler()
	for path, answer := range map[string]string{
		"agents-statuses":           `["Active","Inactive"]`,
		"agents-statuses?status=IN": `["Inactive"]`,
		"seeds-statuses":            `["Scheduled","Running","Completed","Error","Failed","Aborting"]`,
		"seeds-statuses?status=a":   `["Aborting"]`,
		"agents-hosts?hostname=sr":  `["sr1"]`,
	} {
		if _, body := get(t, h, "/api/"+path); body != answer {
			t.Errorf("%s answers %s", path, body)
		}
	}
}

func TestActionsPassOnWhatThePathSays(t *testing.T) {
	for path, exp := range map[string]struct{ answer, call string }{
		"agent-seed/Mysqldump/tgt1/src1.example.com": {"2", "start Mysqldump tgt1 src1.example.com by anonymous@192.0.2.1"},
		"agent-seed-check/LVM/tgt1/src1":             {`[{"Name":"source is not target","Result":"pass","Found":"src1","Needed":"another host than tgt1","Hint":""}]`, "check LVM tgt1 src1"},
		"agent-abort-seed/7":                         {"true", "abort 7 false by anonymous@192.0.2.1"},
		"agent-abort-seed/7?force=true":              {"true", "abort 7 true by anonymous@192.0.2.1"},
		"agent-retry-seed/7":                         {"true", "retry 7"},
		"agent-release-seed/7/":                      {"true", "release 7"},
		"agent-seed-bandwidth/7/52428800":            {"true", "bandwidth 7 52428800 by anonymous@192.0.2.1"},
		"agent-seed-bandwidth/7/0":                   {"true", "bandwidth 7 0 by anonymous@192.0.2.1"},
		"agent-custom-command/src1/say%20hello":      {`"hello\n"`, "command say hello"},
		"agent-custom-command/src1/a%2Fb":            {`"hello\n"`, "command a/b"},
		"agent-mysql-error-log/src1":                 {`"line 1\nline \"2\""`, ""},
		"agent-removelv/src1?lv=/dev/vg/snap%201":    {"", "removelv /dev/vg/snap 1"},
		"agent-mount/src1?lv=/dev/vg/snap":           {"", "mount /dev/vg/snap"},
		"agent-umount/src1":                          {"", "umount"},
		"agent-create-snapshot/src1":                 {"", "snapshot"},
		"agent-mysql-start/src1":                     {"", "mysql-start src1"},
		"agent-mysql-stop/src1":                      {"", "mysql-stop src1"},
	} {
		w := newWorld()
		code, body := get(t, start(t, w, nil).Handler(), "/api/"+path)
		if code != 200 || exp.answer != "" && body != exp.answer || exp.call != "" && !w.called(exp.call) {
			t.Errorf("%s: %d %s, calls %q", path, code, body, w.calls)
		}
		if exp.answer == "" && !strings.HasPrefix(body, `{"Info":{"Hostname":"src1"`) {
			t.Errorf("%s does not answer with the agent: %s", path, body)
		}
	}
}

func TestVerbsOfAgentsAreAudited(t *testing.T) {
	w := newWorld()
	get(t, start(t, w, nil).Handler(), "/api/agent-mysql-stop/src1")
	if len(w.audits) != 1 || w.audits[0].Type != "agent-mysql-stop" || w.audits[0].Host != "src1" || w.audits[0].User == "" {
		t.Errorf("audit is %+v", w.audits)
	}
}

func TestBadInputIs400AndNamesTheWord(t *testing.T) {
	w := newWorld()
	h := start(t, w, nil).Handler()
	for path, word := range map[string]string{
		"seeds?status=Nosuch":            "Nosuch",
		"seeds?page=-1":                  "-1",
		"agent-seed-bandwidth/7/50M":     "50M",
		"agent-seed-bandwidth/7/-1":      "-1",
		"agents?status=active":           "active",
		"agents?page=x":                  `"x"`,
		"agent-seed-details/0":           `"0"`,
		"agent-seed-states/abc":          "abc",
		"agent-seed/Rsync/tgt1/src1":     "Rsync",
		"agent-seed/LVM/tgt%201/src1":    "tgt 1",
		"agent-abort-seed/1?force=maybe": "maybe",
		"agent-mount/src1":               "lv",
	} {
		code, body := get(t, h, "/api/"+path)
		var e agentapi.APIResponse
		if err := json.Unmarshal([]byte(body), &e); err != nil || code != 400 || e.Code != "ERROR" || !strings.Contains(e.Message, word) {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	if len(w.calls) != 0 {
		t.Errorf("the engine was called: %q", w.calls)
	}
}

func TestErrorsBecomeSentencesWithTheRightNumber(t *testing.T) {
	refused := &agent.OpError{Code: agent.CodeCheckFailed, Op: "start seed", Text: "source is not target: found src1",
		Hint: "name two hosts", Err: agent.ErrRefused}
	secret := fmt.Errorf(`ask: Get "http://src1:3002/api/get-agent-data?token=%s": no route`, testToken)
	for _, c := range []struct {
		err        error
		code       int
		body       string
		mustNotSay string
	}{
		{refused, 500, `{"Code":"ERROR","Message":"Start seed: source is not target: found src1","Details":null,"ErrorCode":"check-failed","Hint":"name two hosts"}`, ""},
		{fmt.Errorf("%w: no such thing", agent.ErrBadInput), 400, `{"Code":"ERROR","Message":"Bad input: no such thing","Details":null}`, ""},
		{&agent.OpError{Op: "abort", Err: agent.ErrNotFound}, 404, `{"Code":"ERROR","Message":"Abort: not found","Details":null}`, ""},
		{fmt.Errorf("read: %w", agent.ErrNotFound), 404, `{"Code":"ERROR","Message":"There is no seed 7.","Details":null,"ErrorCode":"not-found"}`, ""},
		{secret, 500, "", testToken},
		{errors.New("2026/11/22 16:17:54 *url.Error: boom"), 500, `{"Code":"ERROR","Message":"Boom","Details":null}`, ""},
	} {
		w := newWorld()
		w.fail = c.err
		code, body := get(t, start(t, w, nil).Handler(), "/api/agent-retry-seed/7")
		if code != c.code || c.body != "" && body != c.body || c.mustNotSay != "" && strings.Contains(body, c.mustNotSay) {
			t.Errorf("%v:\n got %d %s\nwant %d %s", c.err, code, body, c.code, c.body)
		}
	}
}

func TestUnknownThingsAre404InJSON(t *testing.T) {
	h := start(t, newWorld(), nil).Handler()
	for path, message := range map[string]string{
		"/api/agent/nobody":         "There is no agent on nobody.",
		"/api/agent-seed-states/99": "There is no seed 99.",
		"/api/seed-stage-state":     "There is nothing at this path.",
		"/nosuch":                   "There is nothing at this path.",
	} {
		code, body := get(t, h, path)
		want(t, path, fmt.Sprint(code, " ", body), `404 {"Code":"ERROR","Message":"`+message+`","Details":null,"ErrorCode":"not-found"}`)
	}
	code, _, header := ask(t, h, "DELETE", "/api/seeds", "")
	want(t, "DELETE", fmt.Sprint(code, header.Get("Allow")), "405GET")
}

func TestHeadNeverChangesAnything(t *testing.T) {
	w := newWorld()
	h := start(t, w, nil).Handler()
	code, _, _ := ask(t, h, "HEAD", "/api/agent-abort-seed/7", "")
	want(t, "HEAD of a change", code, 405)
	want(t, "calls", len(w.calls), 0)
	code, _, _ = ask(t, h, "HEAD", "/api/lb-check", "")
	want(t, "HEAD of lb-check", code, 200)
}

func TestPanicEndsOneRequestOnly(t *testing.T) {
	var log strings.Builder
	w := newWorld()
	h := start(t, w, func(o *Options) {
		o.Data = panicking{w}
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
	}).Handler()
	code, body, header := ask(t, h, "GET", "/api/seeds?token="+testToken, "", "X-Request-Id: abc-1")
	want(t, "status", code, 500)
	want(t, "request ID", header.Get("X-Request-Id"), "abc-1")
	if !strings.Contains(body, "abc-1") || strings.Contains(body, "lost") || !strings.Contains(log.String(), "all is lost") {
		t.Errorf("body %s\nlog %s", body, log.String())
	}
	want(t, "token in the log", strings.Contains(log.String(), testToken), false)
	want(t, "panics are in the access log", strings.Contains(log.String(), "status=500"), true)
	if code, _ := get(t, h, "/api/agents"); code != 200 {
		t.Errorf("the next request got %d", code)
	}
}

type panicking struct{ *world }

func (panicking) Seeds(_ context.Context, _ agent.SeedFilter) ([]*agent.Seed, error) {
	panic("all is lost")
}

func TestHealthPathsAnswerAsLoadBalancersExpect(t *testing.T) {
	w := newWorld()
	s := start(t, w, func(o *Options) { o.StatusEndpoint = "/ok"; o.URLPrefix = "/orc" })
	h := s.Handler()
	for path, answer := range map[string]string{
		"/orc/api/lb-check": `200 "OK"`, "/orc/api/leader-check": `200 "OK"`, "/orc/api/leader-check/503": `200 "OK"`,
	} {
		code, body := get(t, h, path)
		want(t, path, fmt.Sprint(code, " ", body), answer)
	}
	for _, path := range []string{"/orc/api/status", "/orc/api/health", "/ok"} {
		code, body := get(t, h, path)
		if code != 200 || !strings.HasPrefix(body, `{"Code":"OK","Message":"Application node is healthy"`) || !strings.Contains(body, `"Leader":"node1"`) {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	w.node.IsLeader = false
	for path, code := range map[string]int{"leader-check": 404, "leader-check/503": 503, "leader-check/x": 404, "lb-check": 200} {
		got, _ := get(t, h, "/orc/api/"+path)
		want(t, path+" elsewhere than on the leader", got, code)
	}
	w.node.Healthy, w.node.Problem = false, "the database does not answer"
	for _, path := range []string{"lb-check", "status", "health"} {
		if code, body := get(t, h, "/orc/api/"+path); code != 500 {
			t.Errorf("%s of an unhealthy node: %d %s", path, code, body)
		}
	}
}

func TestEndedSeedShowsNoTimeLeft(t *testing.T) {
	s := testSeed(1, agentapi.Restore, agentapi.Failed)
	s.Engine.Hosts[agentapi.Target].Release = agent.ReleaseHeld
	s.Engine.HeldUntil = testTime.Add(24 * time.Hour)
	v := viewSeed(s, testTime.Add(time.Hour))
	if v.Estimate != nil {
		t.Errorf("estimate %+v", v.Estimate)
	}
	want(t, "time left", v.Progress.ETASeconds, int64(-1))
	want(t, "held", v.Held, true)
	want(t, "held until", v.HeldUntil, testTime.Add(24*time.Hour).Truncate(time.Second))
	want(t, "lag", v.ReplicaLagSeconds, int64(-1))
}

func TestLiveSeedShowsWhatIsLeftAndWhatBecameOfTheOldData(t *testing.T) {
	limit := int64(0)
	s := testSeed(1, agentapi.Backup, agentapi.Running)
	v := viewSeed(s, testTime.Add(time.Minute))
	if e := v.Estimate; e == nil || e.SecondsLeft <= 0 || e.Low > e.SecondsLeft || e.SecondsLeft > e.High || e.Sure == "" || len(e.Parts) != 4 ||
		e.Parts[0].Name != "copy" || e.Parts[0].From != "measured" {
		t.Errorf("estimate %+v", v.Estimate)
	}
	want(t, "old data", v.OldDataText, "Old data of tgt1 is kept in /var/lib/mysql.old")
	want(t, "bandwidth of the configuration", v.Bandwidth, int64(-1))
	s.Engine.Bandwidth = &limit
	want(t, "no bound", viewSeed(s, testTime).Bandwidth, int64(0))
}

func TestKeyOfAStreamIsInNoAnswer(t *testing.T) {
	w := newWorld()
	h := start(t, w, nil).Handler()
	key := w.seeds[0].Engine.StreamKey
	for _, path := range []string{"seeds", "agent-seed-details/2", "agent-active-seeds/src1", "process-seeds"} {
		if code, body := get(t, h, "/api/"+path); code != 200 || strings.Contains(body, string(key)) ||
			strings.Contains(body, base64.StdEncoding.EncodeToString(key)) || strings.Contains(body, "StreamKey") {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
}
