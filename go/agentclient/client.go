package agentclient

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Options of a client; the zero value calls plain HTTP with 60 seconds a call.
type Options struct {
	Timeout     time.Duration // of one call of AgentClient in total; 0: 60 s
	TLS         *tls.Config   // for Scheme https
	Scheme      string        // "http" or "https"; "": https if TLS is set, else http
	TokenHeader string        // another header that carries the token besides agentapi.HeaderToken
	URLPrefix   string        // before /api; "" as a rule
	Meter       agent.Meter   // may be nil
	Log         *slog.Logger  // may be nil
	// PollEvery is how often an agent of others is asked whether a release has ended; 0: one second.
	PollEvery time.Duration
	// Transport replaces the network; tests give agents in memory. TLS is not used then.
	Transport http.RoundTripper
}

// Client calls agents. It may be used from many goroutines; a hung agent holds up nobody but its own callers.
type Client struct {
	opts Options
	http *http.Client
	// once is for calls that must not be sent twice: net/http sends a GET again by itself when a kept connection breaks,
	// so these get a connection of their own.
	once *http.Client
}

var _ agent.AgentClient = (*Client)(nil)

// New makes a client. It holds idle connections until Close.
func New(opts Options) *Client {
	if opts.Timeout <= 0 {
		opts.Timeout = time.Minute
	}
	if opts.PollEvery <= 0 {
		opts.PollEvery = time.Second
	}
	if opts.Scheme == "" {
		opts.Scheme = "http"
		if opts.TLS != nil {
			opts.Scheme = "https"
		}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	kept, fresh := opts.Transport, opts.Transport
	if opts.Transport == nil {
		kept = newTransport(opts.TLS)
		single := newTransport(opts.TLS)
		single.DisableKeepAlives = true
		fresh = single
	}
	return &Client{opts: opts, http: newHTTP(kept), once: newHTTP(fresh)}
}

func newHTTP(t http.RoundTripper) *http.Client {
	return &http.Client{
		Transport: t,
		// A redirect would carry the token to whoever is named in it.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Close closes idle connections; calls that are under way are not disturbed.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// able says whether the agent named that ability when it was last asked.
func able(h *agent.Host, ability string) bool { return h.Data != nil && h.Data.Has(ability) }

// sideOf is the part that the host plays in the seed.
func sideOf(h *agent.Host, s *agent.Seed) agent.Side {
	if h.Info.Hostname == s.SourceHost {
		return agentapi.Source
	}
	return agentapi.Target
}
