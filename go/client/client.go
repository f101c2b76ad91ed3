package client

import (
	"crypto/tls"
	"errors"
	"net/http"
	"sync"
	"time"
)

// DefaultTimeout bounds one call when Options do not: longer than the service itself waits for an agent.
const DefaultTimeout = 90 * time.Second

// Options say which service to speak to.
type Options struct {
	// API is one base URL of the service or several, separated by commas or blanks, each with or without /api at its end.
	// Of several, the first whose leader-check answers 200 is used, and chosen anew when it is lost.
	API string
	// AuthUser and AuthPassword are sent as basic authentication when AuthUser is not empty.
	AuthUser, AuthPassword string
	// Timeout bounds each call as a whole, but not a stream of events; 0 is DefaultTimeout.
	Timeout time.Duration
	// TLS is used for https; nil is the system's default.
	TLS *tls.Config
	// UserAgent names the caller; "" is "orchestrator-seed".
	UserAgent string
}

// Client calls one service. It may be used from many goroutines; Close it after use.
type Client struct {
	bases          []string // each ends with /api
	user, password string
	timeout        time.Duration
	userAgent      string
	http           *http.Client

	mu     sync.Mutex
	chosen string // which of several bases leads; "" not known
}

// New makes a client; it does not connect. The error says what is wrong with the options.
func New(o Options) (*Client, error) {
	bases, err := parseAPI(o.API)
	if err != nil {
		return nil, err
	}
	if o.AuthUser == "" && o.AuthPassword != "" {
		return nil, errors.New("a password is given, but no user")
	}
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		transport = &http.Transport{Proxy: http.ProxyFromEnvironment}
	}
	transport = transport.Clone()
	transport.TLSClientConfig = o.TLS
	c := &Client{
		bases:     bases,
		user:      o.AuthUser,
		password:  o.AuthPassword,
		timeout:   o.Timeout,
		userAgent: o.UserAgent,
		http: &http.Client{
			Transport: transport,
			// A redirected POST would become a GET, and credentials would travel to a place nobody named.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if c.timeout <= 0 {
		c.timeout = DefaultTimeout
	}
	if c.userAgent == "" {
		c.userAgent = "orchestrator-seed"
	}
	return c, nil
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }
