package agent

import (
	"errors"
	"fmt"
	"strings"
)

// OpError is the one error type that people see: what was being done, where, what happened and what to do. Its Error text
// is a sentence without the hint.
type OpError struct {
	Code      string // stable, lower-case-with-dashes; listed in docs/troubleshooting.md
	Op        string // "start backup"
	Host      string // "" when no host is concerned
	Stage     Stage
	Text      string // what happened; used when Err is nil
	Hint      string
	Permanent bool // trying again cannot help
	Err       error
}

func (e *OpError) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Host != "" {
		fmt.Fprintf(&b, " on %s", e.Host)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	b.WriteString(e.Text)
	if e.Err != nil && (e.Text == "" || !isKind(e.Err)) {
		if e.Text != "" {
			b.WriteString(": ")
		}
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// isKind says whether err only tells callers what kind of error it is, which a text beside it has said already.
func isKind(err error) bool {
	for _, kind := range []error{ErrNotFound, ErrConflict, ErrFenced, ErrRefused, ErrBadInput, ErrUnreachable, ErrUnknownSeed, ErrStillRunning} {
		if err == kind {
			return true
		}
	}
	return false
}

func (e *OpError) Unwrap() error { return e.Err }

// Retryable says whether doing the same again may help.
func (e *OpError) Retryable() bool { return !e.Permanent }

// Problem turns the error into what is stored with a seed.
func (e *OpError) Problem() Problem {
	return Problem{Code: e.Code, Text: e.Error(), Hint: e.Hint, Permanent: e.Permanent}
}

// What callers of the engine and of stores test with errors.Is.
var (
	// ErrNotFound: no such seed or agent.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the row has moved on since it was read; read it again.
	ErrConflict = errors.New("changed by someone else in the meantime")
	// ErrFenced: this node is not the leader any more; nothing was written.
	ErrFenced = errors.New("this node is not the leader any more")
	// ErrRefused: the request is well-formed, but what it asks for is not allowed in the present state.
	ErrRefused = errors.New("refused")
	// ErrBadInput: the request itself is wrong.
	ErrBadInput = errors.New("bad input")
	// ErrUnreachable: the agent did not give an answer that counts.
	ErrUnreachable = errors.New("agent gives no proper answer")
	// ErrUnknownSeed: the agent answered that it does not know the seed.
	ErrUnknownSeed = errors.New("agent does not know the seed")
	// ErrStillRunning: the agent was asked to abort, and the work goes on.
	ErrStillRunning = errors.New("still running")
)

// Codes of the problems that the engine itself finds.
const (
	CodeAgentUnreachable = "agent-unreachable"
	CodeAgentRefused     = "agent-refused"
	CodeAgentForgot      = "agent-forgot-seed"
	CodeStageFailed      = "stage-failed"
	CodeNoProgress       = "no-progress"
	CodeAborted          = "aborted"
	CodeTopology         = "topology"
	CodeCheckFailed      = "check-failed"
)
