package http

import (
	"net/url"
	"strings"
	"testing"
)

func TestTokensAreHiddenWhereverTheyStand(t *testing.T) {
	for text, hidden := range map[string]string{
		testToken:                                   "...",
		"a " + testToken + " b":                     "a ... b",
		testToken + " and " + testToken:             "... and ...",
		testToken[:63]:                              testToken[:63],
		"x?token=abc&y=1":                           "x?token=...&y=1",
		`Get "http://h/?a=1&Token=abc": no route`:   `Get "http://h/?a=1&Token=...": no route`,
		"ü " + testToken + "0123":                   "ü ...",
		"sum d41d8cd98f00b204e9800998ecf8427e":      "sum d41d8cd98f00b204e9800998ecf8427e",
		strings.Repeat("g", 70) + testToken[:10]:    strings.Repeat("g", 70) + testToken[:10],
		"uuid:1-5," + testToken[:40] + "-" + "abcd": "uuid:1-5," + testToken[:40] + "-" + "abcd",
	} {
		if got := hideSecrets(text); got != hidden {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestAccessLogHasNoSecrets(t *testing.T) {
	for raw, logged := range map[string]string{
		"/api/seeds?page=1":                      "/api/seeds?page=1",
		"/api/x?token=abc&z=1":                   "/api/x?token=...&z=1",
		"/api/x?Access-Token=abc&password=p":     "/api/x?Access-Token=...&password=...",
		"/api/host-attribute/h/key/" + testToken: "/api/host-attribute/h/key/...",
		"/api/agent/a%0Ab":                       "/api/agent/a%0Ab",
	} {
		u, err := url.Parse(raw)
		must(t, err)
		want(t, raw, loggable(u), logged)
	}
}

func FuzzSentence(f *testing.F) {
	f.Add("start backup on src1: *url.Error: Get \"http://src1:3002/api/backup?token=" + testToken + "\": EOF")
	f.Add("2026-11-22T16:17:54.123Z boom")
	f.Add("\xff")
	f.Fuzz(func(t *testing.T, text string) {
		s := sentence(text)
		if s == "" {
			t.Error("no sentence")
		}
		run := 0
		for i := range len(s) {
			if run++; !isHex(s[i]) {
				run = 0
			}
			if run >= tokenDigits {
				t.Errorf("%q holds a token", s)
				return
			}
		}
	})
}
