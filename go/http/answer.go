package http

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// writeJSON sends v without a line end, as orchestrator does: scripts compare whole answers.
func writeJSON(w http.ResponseWriter, r *http.Request, status int, v any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		noteError(r, err)
		status = http.StatusInternalServerError
		b.Reset()
		b.WriteString(`{"Code":"ERROR","Message":"The answer could not be written.","Details":null}`)
	}
	body := bytes.TrimRight(b.Bytes(), "\n")
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	send(w, r, status, body)
}

func writeText(w http.ResponseWriter, r *http.Request, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	send(w, r, status, []byte(text))
}

func send(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		noteError(r, err)
	}
}

// writeError is the only place where errors become answers.
func writeError(w http.ResponseWriter, r *http.Request, err error) {
	e := toHTTPError(err)
	noteError(r, err)
	writeJSON(w, r, e.status, agentapi.APIResponse{
		Code: "ERROR", Message: e.message, ErrorCode: e.code, Hint: e.hint,
	})
}
