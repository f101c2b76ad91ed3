package http

import (
	"net/http"
	"strings"
	"testing"
)

const aChange = "/api/agent-abort-seed/7"

func TestOtherSitesPagesChangeNothing(t *testing.T) {
	for _, c := range []struct {
		header string
		code   int
	}{
		{"", 200},
		{"Sec-Fetch-Site: none", 200},
		{"Sec-Fetch-Site: same-origin", 200},
		{"Sec-Fetch-Site: cross-site", 403},
		{"Sec-Fetch-Site: same-site", 403},
		{"Origin: http://example.com", 200}, // the request's own host
		{"Origin: http://evil.example", 403},
		{"Origin: http://example.com.evil.example", 403},
		{"Origin: http://example.com:8080", 403},
		{"Origin: null", 403},
	} {
		for _, method := range []string{"GET", "POST"} {
			w := newWorld()
			var headers []string
			if c.header != "" {
				headers = append(headers, c.header)
			}
			code, _, _ := ask(t, start(t, w, nil).Handler(), method, aChange, "", headers...)
			if code != c.code || (len(w.calls) == 1) != (c.code == 200) {
				t.Errorf("%s %q: %d, calls %q", method, c.header, code, w.calls)
			}
		}
	}
	code, _ := get(t, start(t, newWorld(), nil).Handler(), "/api/seeds", "Sec-Fetch-Site: cross-site")
	want(t, "reading", code, 200)
}

func TestPageBehindAProxyMayChangeThings(t *testing.T) {
	code, _ := get(t, start(t, newWorld(), nil).Handler(), aChange, "Origin: https://seeds.example.org", "X-Forwarded-Host: seeds.example.org")
	want(t, "status", code, 200)
}

func TestReadOnlyRefusesEveryChange(t *testing.T) {
	w := newWorld()
	s := start(t, w, func(o *Options) { o.ReadOnly = true })
	h, changes := s.Handler(), 0
	for _, r := range s.Routes() {
		if !r.Changes {
			continue
		}
		changes++
		path := strings.NewReplacer("{host}", "src1", "{seedId}", "1", "{seedMethod}", "LVM", "{targetHost}", "a", "{sourceHost}", "b", "{command}", "c", "{bytesPerSecond}", "1").Replace(r.Path)
		if code, body, _ := ask(t, h, "POST", path, ""); code != 403 || !strings.Contains(body, "read-only") {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	want(t, "paths that change something", changes, 14)
	want(t, "calls", len(w.calls), 0)
	if code, _ := get(t, h, "/api/agent-seed-check/LVM/tgt1/src1"); code != 200 {
		t.Errorf("a check changes nothing, but got %d", code)
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	basic := Auth{Method: "basic", User: "dba", Password: "s3cret: ü"}
	multi := basic
	multi.Method = "multi"
	proxy := Auth{Method: "proxy", Header: "X-Forwarded-User", PowerUsers: []string{"dba"}}
	everyone := Auth{Method: "proxy", Header: "X-Forwarded-User", PowerUsers: []string{"*"}}
	for _, c := range []struct {
		name         string
		auth         Auth
		header       string
		read, change int
	}{
		{"no authentication", Auth{}, "X: y", 200, 200},
		{"basic without", basic, "X: y", 401, 401},
		{"basic right", basic, "Basic: dba:s3cret: ü", 200, 200},
		{"basic wrong password", basic, "Basic: dba:s3cret", 401, 401},
		{"basic wrong user", basic, "Basic: db:s3cret: ü", 401, 401},
		{"basic readonly is nobody", basic, "Basic: readonly:s3cret: ü", 401, 401},
		{"multi right", multi, "Basic: dba:s3cret: ü", 200, 200},
		{"multi readonly", multi, "Basic: readonly:any", 200, 403},
		{"multi wrong", multi, "Basic: dba:any", 401, 401},
		{"proxy power user", proxy, "X-Forwarded-User: dba", 200, 200},
		{"proxy other user", proxy, "X-Forwarded-User: guest", 200, 403},
		{"proxy no user", proxy, "X: y", 200, 403},
		{"proxy everyone", everyone, "X: y", 200, 200},
	} {
		h := start(t, newWorld(), func(o *Options) {
			o.Auth = c.auth
			o.Metrics = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { writeText(w, r, 200, "up 1\n") })
		}).Handler()
		code, _ := get(t, h, "/api/seeds", c.header)
		want(t, c.name+", reading", code, c.read)
		code, _ = get(t, h, aChange, c.header)
		want(t, c.name+", changing", code, c.change)
		code, _ = get(t, h, "/api/lb-check")
		want(t, c.name+", load balancer", code, 200)
		code, _ = get(t, h, "/metrics", c.header)
		want(t, c.name+", metrics", code, c.read)
	}
	twice := start(t, newWorld(), func(o *Options) { o.Auth = proxy }).Handler()
	code, _ := get(t, twice, aChange, "X-Forwarded-User: dba", "X-Forwarded-User: guest")
	want(t, "a header that was sent twice", code, 403)
}

func TestUnsupportedAuthenticationIsRefusedAtStart(t *testing.T) {
	w := newWorld()
	for method, word := range map[string]string{"token": "not supported yet", "ldap": "not known", "basic": "needs a user"} {
		_, err := New(Options{Engine: w, Registry: w, Data: w, Agents: w, Node: w, Hub: NewHub(nil), Auth: Auth{Method: method}})
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func TestEveryAnswerHasTheSecurityHeaders(t *testing.T) {
	h := start(t, newWorld(), nil).Handler()
	for _, path := range []string{"/api/seeds", "/web/seeds", "/web/assets/index.js", "/nosuch"} {
		_, _, header := ask(t, h, "GET", path, "")
		if header.Get("X-Content-Type-Options") != "nosniff" || header.Get("X-Frame-Options") != "DENY" ||
			!strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %v", path, header)
		}
	}
	_, _, header := ask(t, h, "GET", "/api/seeds", "")
	want(t, "API answers are not stored", header.Get("Cache-Control"), "no-store")
}
