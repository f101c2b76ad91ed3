package agentfake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient"
)

// Net carries calls to agents without a network: an http.RoundTripper that finds the agent by the URL's host and port. It
// starts no goroutine, and no timer but for scripted delays.
type Net struct {
	mu     sync.Mutex
	agents map[string]*Agent
}

// NewNet makes a net of those agents.
func NewNet(agents ...*Agent) *Net {
	n := &Net{agents: map[string]*Agent{}}
	n.Add(agents...)
	return n
}

// Add puts agents on the net; one of the same host and port is replaced.
func (n *Net) Add(agents ...*Agent) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, a := range agents {
		n.agents[fmt.Sprintf("%s:%d", a.opts.Hostname, a.opts.Port)] = a
	}
}

// NewClient is the real client, on a net of those agents instead of a network.
func NewClient(opts agentclient.Options, agents ...*Agent) *agentclient.Client {
	opts.Transport = NewNet(agents...)
	return agentclient.New(opts)
}

var (
	errRefused = errors.New("connect: connection refused")
	errReset   = errors.New("read: connection reset by peer")
)

// RoundTrip carries one call.
func (n *Net) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	a := n.agents[r.URL.Hostname()+":"+r.URL.Port()]
	n.mu.Unlock()
	if a == nil || a.isDown() {
		return nil, errRefused
	}
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body.Close()
	}
	ctx := r.Context()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	call, ok := a.parse(r, body)
	if !ok {
		return respond(r, reply{status: http.StatusNotFound, kind: typeText}, nil), nil
	}
	reply := a.answer(ctx, call)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case reply.fault.Reset || a.isDown():
		return nil, errReset
	case reply.fault.Endless:
		return respond(r, reply, io.NopCloser(endless{ctx, a.closed})), nil
	case reply.fault.Cut:
		half := bytes.NewReader(reply.body[:len(reply.body)/2])
		return respond(r, reply, io.NopCloser(io.MultiReader(half, broken{}))), nil
	}
	return respond(r, reply, io.NopCloser(bytes.NewReader(reply.body))), nil
}

func (a *Agent) isDown() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.down
}

func respond(r *http.Request, reply reply, body io.ReadCloser) *http.Response {
	if body == nil {
		body = http.NoBody
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", reply.status, http.StatusText(reply.status)), StatusCode: reply.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: reply.headers(),
		Body: body, ContentLength: -1, Request: r,
	}
}

// endless is a body that never ends and never fills a buffer.
type endless struct {
	ctx    context.Context
	closed <-chan struct{}
}

func (e endless) Read(p []byte) (int, error) {
	select {
	case <-e.ctx.Done():
		return 0, e.ctx.Err()
	case <-e.closed:
		return 0, errReset
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
