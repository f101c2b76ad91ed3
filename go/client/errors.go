package client

import (
	"errors"
	"fmt"
	"net/http"
)

// Error is an answer of the service that is not the one asked for.
type Error struct {
	Status    int    // HTTP status
	Message   string // a sentence for a person
	Hint      string // what to do; may be empty
	ErrorCode string // stable word, see docs/troubleshooting.md; may be empty
}

func (e *Error) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("the service answered %d %s", e.Status, http.StatusText(e.Status))
	}
	return e.Message
}

// Temporary says whether the same call may be answered otherwise later on: the service was reached, but something behind
// it failed.
func (e *Error) Temporary() bool { return e.Status >= 500 || e.Status == http.StatusTooManyRequests }

// UnreachableError means that no answer of the service came.
type UnreachableError struct {
	API string // which base URLs were asked
	Err error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("no answer from the service at %s: %v", e.API, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// IsUnreachable says whether err means that no answer of the service came.
func IsUnreachable(err error) bool {
	var u *UnreachableError
	return errors.As(err, &u)
}

// IsNotFound says whether the service answered that there is no such thing.
func IsNotFound(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound
}

// Temporary says whether asking the same again may help: the service was not reached, or something behind it failed.
func Temporary(err error) bool {
	var e *Error
	if errors.As(err, &e) {
		return e.Temporary()
	}
	return IsUnreachable(err)
}
