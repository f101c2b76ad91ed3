package stream

import (
	"errors"
	"fmt"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// Codes of Error.
const (
	CodePeerLate    = "peer-late"      // the other side never came
	CodePeerAway    = "peer-away"      // the other side came, broke off, and did not come back in time
	CodePeerRefused = "peer-refused"   // what answers is not the other end of this stream: another secret, seed, or program
	CodeCut         = "stream-cut"     // the stream ended before its end
	CodeDamaged     = "stream-damaged" // count or hash do not fit what was received
	CodePeerFailed  = "peer-failed"    // the other side's tool failed, or its seed was aborted
	CodePortInUse   = "port-in-use"    // something else listens on the data port
)

// Error is an end of a stream that is not the good one. errors.As also finds a *method.StageError in it, so that a stage
// may return it as it is.
type Error struct {
	Code string
	Text string // what this side saw
	Peer string // the other side's reason, in its words; "" when it told none
	Hint string
	Err  error
}

func (e *Error) Error() string {
	parts := []string{e.Text}
	if e.Peer != "" {
		parts = append(parts, e.Peer)
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

func (e *Error) Unwrap() error { return e.Err }

// As gives the error as a *method.StageError with the same code, text and hint.
func (e *Error) As(target any) bool {
	stage, ok := target.(**method.StageError)
	if !ok {
		return false
	}
	text := e.Text
	if e.Peer != "" {
		text += ": " + e.Peer
	}
	*stage = &method.StageError{Code: e.Code, Text: text, Hint: e.Hint, Err: e.Err}
	return true
}

// IsCode says whether err is, or wraps, an Error of that code.
func IsCode(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

func failed(code, hint string, err error, format string, args ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, args...), Hint: hint, Err: err}
}
