package http

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

var built = fstest.MapFS{
	"index.html": {Data: []byte(`<meta name="prefix" content="__PREFIX__"><meta name="nonce" content="__NONCE__">` +
		`<script type="module" src="./assets/index-1.js"></script>`)},
	"assets/index-1.js": {Data: []byte(strings.Repeat("export default 1;\n", 100))},
	"icon.svg":          {Data: []byte("<svg/>")},
	"secret.html":       {Data: []byte("not for the browser")},
}

func TestConsoleWorksUnderAnyPrefix(t *testing.T) {
	for _, prefix := range []string{"", "/tools/orc"} {
		h := start(t, newWorld(), func(o *Options) { o.URLPrefix, o.Console = prefix+"/", built }).Handler()
		for _, path := range []string{"/", "/web", "/web/"} {
			code, _, header := ask(t, h, "GET", prefix+path, "")
			if code != 302 || header.Get("Location") != prefix+"/web/seeds" {
				t.Errorf("%s: %d %v", path, code, header)
			}
		}
		for _, path := range []string{"/web/seeds", "/web/seed-details/5", "/web/agent/a%2Fb", "/web/agents/cluster/shop"} {
			code, body := get(t, h, prefix+path)
			if code != 200 || !strings.Contains(body, `src="`+prefix+`/web/assets/index-1.js"`) || !strings.Contains(body, `content="`+prefix+`"`) {
				t.Errorf("%s: %d %s", path, code, body)
			}
		}
		for path, want := range map[string]int{"/web/assets/index-1.js": 200, "/web/icon.svg": 200, "/web/assets/..%2Fsecret.html": 404, "/web/assets/none.js": 404} {
			if code, body := get(t, h, prefix+path); code != want {
				t.Errorf("%s: %d %s", path, code, body)
			}
		}
	}
}

func TestEachPageHasANonceOfItsOwn(t *testing.T) {
	h := start(t, newWorld(), func(o *Options) { o.Console = built }).Handler()
	seen := map[string]bool{}
	for range 3 {
		_, body, header := ask(t, h, "GET", "/web/seeds", "")
		found := regexp.MustCompile(`name="nonce" content="([^"]{20,})"`).FindStringSubmatch(body)
		if found == nil || !strings.Contains(header.Get("Content-Security-Policy"), "'nonce-"+found[1]+"'") || seen[found[1]] {
			t.Fatalf("%s %v", body, header)
		}
		seen[found[1]] = true
	}
}

func TestFilesAreKeptByBrowsersAndSentPacked(t *testing.T) {
	h := start(t, newWorld(), func(o *Options) { o.Console = built }).Handler()
	r := httptest.NewRequest(http.MethodGet, "/web/assets/index-1.js", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Header().Get("Content-Encoding") != "gzip" || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Fatal(w.Header())
	}
	z, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil || string(text) != string(built["assets/index-1.js"].Data) {
		t.Fatal(len(text), err)
	}
	code, body, header := ask(t, h, "GET", "/web/assets/index-1.js", "")
	if code != 200 || body != string(text) || header.Get("Content-Encoding") != "" || !strings.HasPrefix(header.Get("Content-Type"), "text/javascript") {
		t.Error(code, header)
	}
}

func TestProgramWithoutAConsoleSaysSo(t *testing.T) {
	h := start(t, newWorld(), func(o *Options) { o.Console = fstest.MapFS{} }).Handler()
	code, body := get(t, h, "/web/seeds")
	if code != 501 || !strings.Contains(body, "script/build") {
		t.Error(code, body)
	}
}
