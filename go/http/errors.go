package http

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

// httpError is an error with its answer.
type httpError struct {
	status  int
	message string // a sentence for a person
	code    string
	hint    string
	err     error // for the log
}

func (e *httpError) Error() string {
	if e.err != nil {
		return e.message + ": " + e.err.Error()
	}
	return e.message
}

func (e *httpError) Unwrap() error { return e.err }

func badInput(message string) error {
	return &httpError{status: http.StatusBadRequest, message: message, code: "bad-input"}
}

func notFound(message string) error {
	return &httpError{status: http.StatusNotFound, message: message, code: "not-found"}
}

func forbidden(message, hint string) error {
	return &httpError{status: http.StatusForbidden, message: message, code: "not-allowed", hint: hint}
}

func unauthorized(message string) error {
	return &httpError{status: http.StatusUnauthorized, message: message, code: "not-authenticated"}
}

// toHTTPError maps any error to its answer: bad input 400, unknown things 404, everything else 500, with a sentence that
// holds no secrets.
func toHTTPError(err error) *httpError {
	var he *httpError
	if errors.As(err, &he) {
		return he
	}
	e := &httpError{status: http.StatusInternalServerError, message: sentence(err.Error()), err: err}
	var op *agent.OpError
	if errors.As(err, &op) {
		e.code, e.hint = op.Code, scrub(op.Hint)
	}
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &tooBig):
		e.status, e.message, e.code = http.StatusRequestEntityTooLarge, "The request is larger than the service takes.", "too-large"
	case errors.Is(err, agent.ErrBadInput):
		e.status = http.StatusBadRequest
	case errors.Is(err, agent.ErrNotFound):
		e.status = http.StatusNotFound
	case errors.Is(err, agent.ErrFenced):
		e.hint = cmpOr(e.hint, "ask the node that leads now (see status)")
	case op != nil:
	case errors.Is(err, context.DeadlineExceeded):
		e.message = "The answer took too long."
	case errors.Is(err, context.Canceled):
		e.message = "The request was given up before it was answered."
	}
	return e
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

var (
	secretInURL = regexp.MustCompile(`(?i)((?:token|password)=)[^&\s"']+`)
	goType      = regexp.MustCompile(`\*[a-z][a-z0-9]*\.[A-Z]\w*:? ?`)
	logTime     = regexp.MustCompile(`\b\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?\s*`)
)

// scrub takes out what a message must not hold, wherever its text came from: secrets, Go's type names, timestamps.
func scrub(s string) string {
	s = hideSecrets(s)
	if strings.Contains(s, "*") {
		s = goType.ReplaceAllString(s, "")
	}
	return logTime.ReplaceAllString(s, "")
}

// hideSecrets takes agents' tokens out of a text, and values that are named token or password.
func hideSecrets(s string) string {
	if strings.Contains(s, "=") {
		s = secretInURL.ReplaceAllString(s, "${1}...")
	}
	return hideTokens(s)
}

const tokenDigits = 64

// hideTokens replaces runs of hexadecimal digits that are as long as a token.
func hideTokens(s string) string {
	if len(s) < tokenDigits {
		return s
	}
	var b strings.Builder
	kept, begin := 0, 0 // s[:kept] is written; s[begin:i] is the run of digits before i
	for i := 0; i <= len(s); i++ {
		if i < len(s) && isHex(s[i]) {
			continue
		}
		if i-begin >= tokenDigits {
			b.WriteString(s[kept:begin])
			b.WriteString("...")
			kept = i
		}
		begin = i + 1
	}
	if kept == 0 {
		return s
	}
	b.WriteString(s[kept:])
	return b.String()
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// sentence makes an error's text presentable.
func sentence(s string) string {
	s = strings.TrimSpace(scrub(s))
	if s == "" {
		return "Something went wrong in the service."
	}
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}

// missing turns a not-found of the store, which knows no words, into a sentence.
func missing(err error, message string) error {
	var op *agent.OpError
	if errors.Is(err, agent.ErrNotFound) && !errors.As(err, &op) {
		return notFound(message)
	}
	return err
}
