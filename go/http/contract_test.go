package http

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

const description = "../../docs/openapi.yaml"

const doorTag = "agents' door"

func describe(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(description)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// operations lists "METHOD path" of the description; door says which listener.
func operations(doc *openapi3.T, door bool) []string {
	var list []string
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if slices.Contains(op.Tags, doorTag) == door {
				list = append(list, method+" "+path)
			}
		}
	}
	slices.Sort(list)
	return list
}

func registered(routes []Route) []string {
	var list []string
	for _, r := range routes {
		path, api := strings.CutPrefix(r.Path, "/api")
		if !api {
			continue
		}
		for _, m := range r.Methods {
			list = append(list, m+" "+path)
		}
	}
	slices.Sort(list)
	return list
}

func TestDescriptionAndRoutesAreTheSame(t *testing.T) {
	doc, s := describe(t), start(t, newWorld(), nil)
	want(t, "service", strings.Join(registered(s.Routes()), "\n"), strings.Join(operations(doc, false), "\n"))
	want(t, "door", strings.Join(registered(s.AgentsRoutes()), "\n"), strings.Join(operations(doc, true), "\n"))
}

// samples are values for the parts of paths.
var samples = map[string]string{
	"host": "src1", "seedId": "1", "seedMethod": "Mysqldump", "targetHost": "tgt1", "sourceHost": "src1", "command": "echo",
	"errorStatusCode": "503", "bytesPerSecond": "1048576", "name": "rack", "value": "7", "attr": "rack",
}

// TestEveryAnswerIsAsDescribed calls each operation when all is well, with everything failing, for things that are not
// there, and with nonsense, and holds the answers against the description.
func TestEveryAnswerIsAsDescribed(t *testing.T) {
	doc := describe(t)
	broken := &agent.OpError{Code: "stage-failed", Op: "ask", Host: "src1", Text: "no answer", Hint: "look there"}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			for name, c := range map[string]struct {
				fail    error
				samples map[string]string
				auth    Auth
				status  []int
			}{
				"well":           {nil, samples, Auth{}, []int{200}},
				"failing":        {broken, samples, Auth{}, []int{200, 500}},
				"absent":         {agent.ErrNotFound, map[string]string{"host": "nobody", "seedId": "99"}, Auth{}, []int{200, 401, 404}},
				"nonsense":       {nil, map[string]string{"host": "a b", "seedId": "x", "seedMethod": "X"}, Auth{}, []int{200, 400, 401}},
				"not known user": {nil, samples, Auth{Method: "basic", User: "u", Password: "p"}, []int{200, 401}},
			} {
				w := newWorld()
				w.fail = c.fail
				w.attrs = []agent.HostAttribute{{Host: "src1", Name: "rack", Value: "7", SubmittedAt: testTime}}
				s := start(t, w, func(o *Options) { o.Auth = c.auth })
				h := s.Handler()
				if slices.Contains(op.Tags, doorTag) {
					h = s.AgentsHandler()
				}
				r := request(method, path, c.samples)
				code := check(t, doc, item, op, h, r, path)
				if !slices.Contains(c.status, code) {
					t.Errorf("%s %s, %s: status %d", method, path, name, code)
				}
			}
		}
	}
}

// request makes one with sample values; parts that the values lack get the usual ones.
func request(method, path string, values map[string]string) *http.Request {
	for name, usual := range samples {
		v, ok := values[name]
		if !ok {
			v = usual
		}
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(v))
	}
	body := v2Registration
	if strings.HasSuffix(path, "seed-stage-state") {
		body = `{"SeedID":1,"Stage":"Backup","Hostname":"src1","Status":"Completed"}`
	}
	if method == http.MethodGet || !strings.Contains(path, "-agent") && !strings.HasSuffix(path, "-state") {
		body = ""
	}
	r := httptest.NewRequest(method, "/api"+path+"?lv=/dev/vg/snap", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(agentapi.HeaderAgentHost, testHost)
	r.Header.Set(agentapi.HeaderToken, testToken)
	return r
}

// check sends the request and validates the answer; it returns the status.
func check(t *testing.T, doc *openapi3.T, item *openapi3.PathItem, op *openapi3.Operation, h http.Handler, r *http.Request, path string) int {
	t.Helper()
	w := httptest.NewRecorder()
	if path == "/events" {
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // a reader that leaves at once
		r = r.WithContext(ctx)
	}
	h.ServeHTTP(w, r)
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: r,
			Route:   &routers.Route{Spec: doc, Path: path, PathItem: item, Method: r.Method, Operation: op},
		},
		Status: w.Code,
		Header: w.Header(),
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true,
			ExcludeResponseBody:   path == "/events" && w.Code == http.StatusOK,
		},
	}
	input.SetBodyBytes(bytes.Clone(w.Body.Bytes()))
	if err := openapi3filter.ValidateResponse(t.Context(), input); err != nil {
		t.Errorf("%s %s answers %d %s\n%v", r.Method, r.URL, w.Code, w.Body, err)
	}
	return w.Code
}

func TestUnhealthyNodesAnswersAreAsDescribed(t *testing.T) {
	doc := describe(t)
	for _, path := range []string{"/status", "/health", "/lb-check", "/leader-check", "/leader-check/{errorStatusCode}"} {
		w := newWorld()
		w.node.Healthy, w.node.IsLeader, w.node.Problem = false, false, "the database does not answer"
		item := doc.Paths.Value(path)
		check(t, doc, item, item.Get, start(t, w, nil).Handler(), request("GET", path, samples), path)
	}
}
