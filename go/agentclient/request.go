package agentclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// The longest bodies that are read, in bytes.
const (
	dataLimit   = 16 << 20
	answerLimit = 1 << 20
)

// request is one call of one path of one agent.
type request struct {
	host   *agent.Host
	op     string      // for errors: "start Backup"
	stage  agent.Stage // for errors
	path   []string    // segments after /api/, unescaped; the first is the call's name
	query  url.Values
	header http.Header // besides the usual ones; nil: none
	body   any         // JSON; nil makes it a GET
	limit  int64
	once   bool // must not be sent a second time by itself
	// secrets are taken out of error texts besides the token.
	secrets []string
}

// answer is what came back, whatever it is.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// seedPath is the path of a call that names a seed.
func seedPath(call string, id int64, more ...string) []string {
	return append([]string{call, strconv.FormatInt(id, 10)}, more...)
}

// deadline bounds one call of AgentClient, which may consist of several requests.
func (c *Client) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.opts.Timeout)
}

// ok sends the request and returns the body of a 2xx answer; everything else is an error.
func (c *Client) ok(ctx context.Context, r request) ([]byte, error) {
	a, err := c.answered(ctx, r)
	return a.body, err
}

// answered is ok with the whole answer.
func (c *Client) answered(ctx context.Context, r request) (answer, error) {
	began := time.Now()
	a, err := c.send(ctx, r)
	if err == nil && (a.status < 200 || a.status > 299) {
		err = r.refusal(a)
	}
	took := time.Since(began)
	if c.opts.Meter != nil {
		c.opts.Meter.AgentCall(r.path[0], took, err)
	}
	c.opts.Log.Debug("agent called", "host", r.host.Info.Hostname, "call", r.path[0], "took", took, "error", err)
	if err != nil {
		return answer{}, err
	}
	return a, nil
}

func (c *Client) send(ctx context.Context, r request) (answer, error) {
	req, err := c.build(ctx, r)
	if err != nil {
		return answer{}, r.noAnswer("the call can't be made: "+errText(err), err)
	}
	caller := c.http
	if r.once {
		caller = c.once
	}
	resp, err := caller.Do(req)
	if err != nil {
		return answer{}, r.noAnswer(c.lost(ctx, err), err)
	}
	defer resp.Body.Close()
	limit := r.limit
	if limit == 0 {
		limit = answerLimit
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return answer{}, r.noAnswer("the answer was cut: "+c.lost(ctx, err), err)
	}
	if int64(len(body)) > limit {
		return answer{}, r.noAnswer(fmt.Sprintf("the answer is longer than %d MiB, it begins with %s", limit>>20, r.seen(body)), nil)
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: body}, nil
}

// build makes the HTTP request with the token where this agent takes it.
func (c *Client) build(ctx context.Context, r request) (*http.Request, error) {
	token := r.host.Info.Token
	query := r.query
	if !able(r.host, agentapi.AbilityTokenHeader) {
		query = url.Values{}
		for k, v := range r.query {
			query[k] = v
		}
		query.Set("token", token)
	}
	escaped := make([]string, len(r.path))
	for i, seg := range r.path {
		escaped[i] = url.PathEscape(seg)
	}
	prefix := strings.TrimRight(c.opts.URLPrefix, "/") + "/api/"
	u := url.URL{
		Scheme:   c.opts.Scheme,
		Host:     net.JoinHostPort(r.host.Info.Hostname, strconv.Itoa(r.host.Info.Port)),
		Path:     prefix + strings.Join(r.path, "/"),
		RawPath:  prefix + strings.Join(escaped, "/"),
		RawQuery: query.Encode(),
	}
	method, body := http.MethodGet, io.Reader(nil)
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		method, body = http.MethodPost, bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, err
	}
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, values := range r.header {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", "orchestrator-seed")
	req.Header.Set(agentapi.HeaderToken, token)
	if c.opts.TokenHeader != "" {
		req.Header.Set(c.opts.TokenHeader, token)
	}
	return req, nil
}

// lost says in a few words why no whole answer came.
func (c *Client) lost(ctx context.Context, err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "the call was given up"
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("nothing complete came within the call's time (%v at most)", c.opts.Timeout)
	}
	return errText(err)
}

// errText is the error without the URL, because the URL holds the token.
func errText(err error) string {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	return err.Error()
}
