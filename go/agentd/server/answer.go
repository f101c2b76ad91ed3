package server

import (
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/runner"
)

// handler answers with a value for JSON, a plain text, or an error.
type handler func(r *http.Request) (any, error)

// plain is an answer that is not JSON.
type plain struct {
	status int
	text   string
	header http.Header
}

// bad is the status of an agent that does not reach its service.
var bad = plain{status: http.StatusInternalServerError, text: `"BAD"`}

// wordy is an error with the words of the wire and what is behind them.
type wordy struct {
	text string
	err  error
}

func (e *wordy) Error() string { return e.text }
func (e *wordy) Unwrap() error { return e.err }

func (s *Server) wrap(f handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, err := f(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		s.write(w, r, answer)
	})
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, answer any) {
	if p, ok := answer.(plain); ok {
		maps.Copy(w.Header(), p.header)
		s.send(w, r, p.status, "text/plain; charset=UTF-8", []byte(p.text))
		return
	}
	b, err := json.Marshal(answer)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.send(w, r, http.StatusOK, "application/json; charset=UTF-8", b)
}

// fail answers an error as v2 callers know it.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	answer := agentapi.APIResponse{Code: "ERROR", Message: err.Error(), ErrorCode: codeOf(err)}
	var stage *method.StageError
	if errors.As(err, &stage) {
		answer.Hint, answer.Permanent = stage.Hint, stage.Permanent
		if stage.Code != "" {
			answer.ErrorCode = stage.Code
		}
	}
	b, merr := json.Marshal(answer)
	if merr != nil {
		b = []byte(`{"Code":"ERROR","Message":"the error cannot be written down","Details":null}`)
	}
	s.send(w, r, http.StatusInternalServerError, "application/json; charset=UTF-8", b)
}

func codeOf(err error) string {
	for _, c := range []struct {
		err  error
		code string
	}{
		{runner.ErrUnknownSeed, "unknown-seed"}, {runner.ErrUnknownStage, "unknown-seed"}, {runner.ErrStale, "stale-attempt"},
		{runner.ErrBusy, "host-busy"}, {runner.ErrMismatch, "other-seed"}, {runner.ErrUnavailable, "method-unavailable"},
		{runner.ErrStillRunning, "still-running"}, {runner.ErrStopped, "agent-stopped"},
	} {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return ""
}

func (s *Server) send(w http.ResponseWriter, r *http.Request, status int, kind string, b []byte) {
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerLimit))
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if _, err := w.Write(b); err != nil {
		s.log.Debug("answer was not taken", "path", r.URL.Path, "error", err)
	}
}

// logged writes one line a call, without its query, which may hold the token. Questions that come every few seconds are
// for debugging only.
func (s *Server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(seen, r)
		level := slog.LevelInfo
		if seen.status < 300 && questions[firstSegment(r.URL.Path)] {
			level = slog.LevelDebug
		}
		s.log.Log(r.Context(), level, "call", "method", r.Method, "path", r.URL.Path, "status", seen.status,
			"took", time.Since(began).Round(time.Millisecond), "from", r.RemoteAddr)
	})
}

var questions = map[string]bool{"get-agent-data": true, "get-agent-info": true, "seed-stage-state": true, "status": true, "active-seed": true}

func firstSegment(path string) string {
	const prefix = "/api/"
	if len(path) <= len(prefix) {
		return ""
	}
	path = path[len(prefix):]
	for i := range path {
		if path[i] == '/' {
			return path[:i]
		}
	}
	return path
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
