package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// maxAnswer bounds the size of an answer in bytes: a page of agents with thousands of schemas each fits.
const maxAnswer = 256 << 20

// fetch asks the right node and returns the body of a good answer.
func (c *Client) fetch(parent context.Context, r request) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeoutCause(parent, c.timeout, fmt.Errorf("it took longer than %s", c.timeout))
	defer cancel()
	base, err := c.base(ctx)
	if err == nil {
		var raw json.RawMessage
		if raw, err = c.roundTrip(ctx, base, r); err == nil {
			return raw, nil
		}
	}
	if parent.Err() != nil {
		return nil, fmt.Errorf("%s: %w", r.path[0], parent.Err())
	}
	if IsUnreachable(err) {
		c.forget()
	}
	return nil, err
}

// roundTrip asks one node.
func (c *Client) roundTrip(ctx context.Context, base string, r request) (json.RawMessage, error) {
	resp, err := c.send(ctx, base, r, nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, unreachable(ctx, base, err)
	}
	if len(body) > maxAnswer {
		return nil, &UnreachableError{API: base, Err: fmt.Errorf("the answer is longer than %d MiB", maxAnswer>>20)}
	}
	return judge(base, resp, body)
}

func (c *Client) send(ctx context.Context, base string, r request, header http.Header) (*http.Response, error) {
	target, err := r.url(base)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, r.method(), target, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.path[0], err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	req.Header.Set("User-Agent", c.userAgent)
	if c.user != "" {
		req.SetBasicAuth(c.user, c.password)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, unreachable(ctx, base, err)
	}
	return resp, nil
}

// unreachable keeps the reason and drops the words around it that say nothing to a person.
func unreachable(ctx context.Context, base string, err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return &UnreachableError{API: base, Err: err}
}

// judge tells an answer of the service from an error of the service, and both from what a proxy says.
func judge(base string, resp *http.Response, body []byte) (json.RawMessage, error) {
	body = bytes.TrimSpace(body)
	ok := resp.StatusCode >= 200 && resp.StatusCode < 300
	var a agentapi.APIResponse
	if bytes.HasPrefix(body, []byte("{")) && json.Unmarshal(body, &a) == nil && a.Code == "ERROR" {
		return nil, &Error{Status: resp.StatusCode, Message: a.Message, Hint: a.Hint, ErrorCode: a.ErrorCode}
	}
	switch {
	case ok && json.Valid(body):
		return body, nil
	case ok:
		return nil, &UnreachableError{API: base, Err: fmt.Errorf("something answers there, but not this service (%s)", contentType(resp))}
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return nil, &UnreachableError{API: base, Err: fmt.Errorf("it answers with a redirect (%d): use the URL that it leads to", resp.StatusCode)}
	case resp.StatusCode == http.StatusUnauthorized:
		return nil, &Error{Status: resp.StatusCode, Message: "the service wants a user and a password, or others than these"}
	case resp.StatusCode == http.StatusBadGateway || resp.StatusCode == http.StatusServiceUnavailable || resp.StatusCode == http.StatusGatewayTimeout:
		return nil, &UnreachableError{API: base, Err: errors.New(strings.ToLower(resp.Status))}
	}
	e := &Error{Status: resp.StatusCode}
	if json.Unmarshal(body, &e.Message) != nil { // leader-check and lb-check answer with a bare string
		e.Message = ""
	}
	return nil, e
}

func contentType(resp *http.Response) string {
	if t := resp.Header.Get("Content-Type"); t != "" {
		return t
	}
	return "no content type"
}
