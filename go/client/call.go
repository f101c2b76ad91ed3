package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Call is one request to the service and the type of its answer. It is a value and may be used again.
type Call[T any] struct{ request }

type request struct {
	path   []string // decoded parts after /api
	query  url.Values
	change bool // POST
}

// Do asks c and returns the answer. Errors are *Error, *UnreachableError, or the context's.
func (k Call[T]) Do(ctx context.Context, c *Client) (T, error) {
	v, _, err := k.Fetch(ctx, c)
	return v, err
}

// Fetch is Do that also returns the answer as it was sent.
func (k Call[T]) Fetch(ctx context.Context, c *Client) (T, json.RawMessage, error) {
	var v T
	raw, err := c.fetch(ctx, k.request)
	if err != nil {
		return v, nil, err
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return v, nil, &UnreachableError{API: strings.Join(c.bases, ", "), Err: fmt.Errorf("the answer to %s is not as this service gives it: %w", k.path[0], err)}
	}
	return v, raw, nil
}

// Change says whether the call changes something.
func (k Call[T]) Change() bool { return k.change }

func (r request) method() string {
	if r.change {
		return http.MethodPost
	}
	return http.MethodGet
}

// url puts the request behind base. A part that a server would take for something else than a name is refused.
func (r request) url(base string) (string, error) {
	var b strings.Builder
	b.WriteString(base)
	for _, p := range r.path {
		if p == "" || p == "." || p == ".." {
			return "", fmt.Errorf("%s: %q is not a name", r.path[0], p)
		}
		b.WriteByte('/')
		b.WriteString(url.PathEscape(p))
	}
	if len(r.query) > 0 {
		b.WriteByte('?')
		b.WriteString(r.query.Encode())
	}
	return b.String(), nil
}

func get[T any](path ...string) Call[T] { return Call[T]{request{path: path}} }

func post[T any](path ...string) Call[T] { return Call[T]{request{path: path, change: true}} }

// with adds a query value unless it is empty.
func (k Call[T]) with(name, value string) Call[T] {
	if value == "" {
		return k
	}
	q := url.Values{}
	for n, v := range k.query {
		q[n] = v
	}
	q.Set(name, value)
	k.query = q
	return k
}
