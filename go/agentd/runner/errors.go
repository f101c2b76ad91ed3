package runner

import (
	"errors"
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Sentinels; test with errors.Is.
var (
	// ErrUnknownSeed: the agent knows nothing of that seed, or has released it.
	ErrUnknownSeed = errors.New("seed is not known")
	// ErrUnknownStage: the seed is known, but that stage (or that attempt of it) was never started here.
	ErrUnknownStage = errors.New("stage was not started")
	// ErrStale: a newer attempt was started, or this attempt was aborted before it came.
	ErrStale = errors.New("attempt is over")
	// ErrBusy: the host works for another seed, or the seed itself is in another stage.
	ErrBusy = errors.New("busy")
	// ErrMismatch: the seed has another method or side than the caller thinks.
	ErrMismatch = errors.New("not this seed's method or side")
	// ErrUnavailable: the agent does not have the method.
	ErrUnavailable = errors.New("method is not available")
	// ErrStillRunning: what was to be ended has not ended in the time that the caller gave.
	ErrStillRunning = errors.New("still running")
	// ErrStopped: the agent is shutting down.
	ErrStopped = errors.New("agent is stopping")
)

// refusal is a sentence for a person with the sentinel that it is an instance of.
type refusal struct {
	kind error
	text string
}

func (e *refusal) Error() string { return e.text }
func (e *refusal) Unwrap() error { return e.kind }

func refuse(kind error, format string, args ...any) error {
	return &refusal{kind, fmt.Sprintf(format, args...)}
}

// cause is why a stage's context was cancelled.
type cause struct {
	code string
	text string
}

func (c *cause) Error() string { return c.text }

var (
	causeAborted  = &cause{"aborted", "aborted"}
	causeStopped  = &cause{"agent-stopped", "agent was stopped"}
	causeReleased = &cause{"released", "seed was released"}
	causeReopened = &cause{"superseded", "another receiving end was opened"}
)

func causeSuperseded(stage agentapi.Stage, attempt int64) error {
	return &cause{"superseded", fmt.Sprintf("attempt %d of %s was started", attempt, stage)}
}
