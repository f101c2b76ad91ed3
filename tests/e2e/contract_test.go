package e2e

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// contractHolds calls every operation of docs/openapi.yaml on the service as it runs, after a seed, and holds each answer
// against the description. What would change hosts is called for a host that does not exist.
func (w *world) contractHolds(t *testing.T, id int64) {
	doc, err := openapi3.NewLoader().LoadFromFile("../../docs/openapi.yaml")
	w.must(err, "read the description")
	calls := 0
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			calls++
			w.callAsDescribed(t, doc, path, item, method, op, id)
		}
	}
	if calls < 45 {
		t.Errorf("the description has %d operations only", calls)
	}
}

func (w *world) callAsDescribed(t *testing.T, doc *openapi3.T, path string, item *openapi3.PathItem, method string, op *openapi3.Operation, id int64) {
	base := w.Service.URL
	if slices.Contains(op.Tags, "agents' door") {
		base = "http://" + w.Service.Host + ":" + strconv.Itoa(w.Service.DoorPort)
	}
	host := w.Target.Host
	for _, changes := range []string{"mysql", "mount", "umount", "snapshot", "removelv", "custom-command"} {
		if strings.Contains(path, changes) {
			host = "nobody"
		}
	}
	values := map[string]string{"host": host, "seedId": strconv.FormatInt(id, 10), "seedMethod": "Mysqldump", "targetHost": w.Target.Host,
		"sourceHost": w.Target.Host /* refused */, "command": "nosuch", "errorStatusCode": "503", "name": "rack", "value": "7", "attr": "rack"}
	filled := path
	for name, value := range values {
		filled = strings.ReplaceAll(filled, "{"+name+"}", url.PathEscape(value))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var body io.Reader
	if method == http.MethodPost && (path == "/register-agent" || path == "/seed-stage-state") {
		body = strings.NewReader(`{"Hostname":"nobody"}`)
	}
	r, err := http.NewRequestWithContext(ctx, method, base+"/api"+filled, body)
	w.must(err, "make a request")
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	w.must(err, "call "+path)
	defer answer.Body.Close()
	var text []byte
	if path != "/events" { // a stream without an end
		text, err = io.ReadAll(answer.Body)
		w.must(err, "read the answer of "+path)
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: r, Route: &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: op},
		},
		Status: answer.StatusCode, Header: answer.Header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: path == "/events"},
	}
	input.SetBodyBytes(bytes.Clone(text))
	if err := openapi3filter.ValidateResponse(ctx, input); err != nil {
		t.Errorf("%s %s answers %d %s\n%v", method, filled, answer.StatusCode, text, err)
	}
}
