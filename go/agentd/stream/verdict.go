package stream

import (
	"context"
	"errors"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// maxReason bounds what one side tells the other of its failure.
const maxReason = 4 << 10

// verdictOf puts a failure of this side into words for the other.
func verdictOf(err error) verdict {
	v := verdict{Code: CodePeerFailed, Reason: err.Error()}
	var own *Error
	var stage *method.StageError
	switch {
	case errors.As(err, &own):
		v.Code, v.Hint = own.Code, own.Hint
	case errors.As(err, &stage):
		v.Hint = stage.Hint
	case errors.Is(err, context.Canceled):
		v.Hint = "it was ended there: see that side's states of the seed"
	}
	if len(v.Reason) > maxReason {
		v.Reason = v.Reason[:maxReason] + "..."
	}
	if len(v.Hint) > maxReason {
		v.Hint = v.Hint[:maxReason]
	}
	return v
}

// error is what the other side's failure is on this one.
func (v verdict) error(what string) error {
	code := CodePeerFailed
	if v.Code == CodeDamaged {
		code = v.Code
	}
	hint := v.Hint
	if hint == "" {
		hint = "the reason is the other side's: look at its states of the seed and its agent's log"
	}
	return &Error{Code: code, Text: what, Peer: v.Reason, Hint: hint}
}
