package server

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
)

// recorded is one request with what a "v2" agent answered, in the order in which the requests build on each other. Ours
// may say more, but nothing else.
type recorded struct {
	Path   string
	Query  string // "" is the token, "-" is none
	Status int
	Type   string // "": not looked at
	Body   string // "*" as a value stands for anything
	Then   string // a stage's state to wait for
}

func TestAnswersAreThoseOfAV2Agent(t *testing.T) {
	w := newWorld(t, &methodtest.Method{OnMetadata: func(context.Context, *method.Work) (agentapi.Metadata, error) {
		return agentapi.Metadata{LogFile: "mysql-bin.000001", LogPos: 542, GtidExecuted: "0-11-1"}, nil
	}}, nil)
	f, err := os.Open("testdata/v2.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var v recorded
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		query := map[string]string{"": "?token=" + testToken, "-": ""}[v.Query]
		if query == "" && v.Query != "-" {
			query = "?" + v.Query
		}
		status, kind, body := w.ask("GET", "/api/"+v.Path+query, "")
		if status != v.Status || v.Type != "" && kind != v.Type {
			t.Errorf("%s: %d %s %s", v.Path, status, kind, body)
		}
		compare(t, v.Path, v.Body, body)
		if v.Then != "" {
			w.until(v.Then, `"Completed"`)
		}
	}
	if strings.Contains(w.log.String(), testToken) {
		t.Error("the token is in the log")
	}
}

// compare wants every key and value of the recorded body in ours; other bodies must be the same.
func compare(t *testing.T, path, want, got string) {
	t.Helper()
	var w, g any
	if json.Unmarshal([]byte(want), &w) != nil {
		if got != want {
			t.Errorf("%s: %q, v2 says %q", path, got, want)
		}
		return
	}
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		t.Errorf("%s: %q is not JSON: %v", path, got, err)
		return
	}
	if d := cmp.Diff(w, only(g, w)); d != "" {
		t.Errorf("%s: %s", path, d)
	}
}

// only cuts got down to the keys of want, and anything where want says "*".
func only(got, want any) any {
	if want == "*" && got != nil {
		return "*"
	}
	g, ok := got.(map[string]any)
	w, ok2 := want.(map[string]any)
	if !ok || !ok2 {
		return got
	}
	cut := map[string]any{}
	for key := range w {
		if v, has := g[key]; has {
			cut[key] = only(v, w[key])
		}
	}
	return cut
}
