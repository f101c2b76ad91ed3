package http

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// ListenOptions is what a listener is made of.
type ListenOptions struct {
	Address string // host:port; port 0 takes a free one
	Handler http.Handler
	TLS     *TLSFiles // nil: no TLS
	Log     *slog.Logger
}

// Listener is an open door.
type Listener struct {
	server   *http.Server
	listener net.Listener
}

// Listen opens the address; requests are answered from Serve on.
func Listen(ctx context.Context, o ListenOptions) (*Listener, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	server := &http.Server{
		Handler:           o.Handler,
		ReadHeaderTimeout: 10 * time.Second,
		// Bodies have a deadline of their own (limitBody); one on the connection would end streams of events.
		WriteTimeout:   3 * time.Minute,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
		ErrorLog:       slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	if o.TLS != nil {
		config, err := o.TLS.config()
		if err != nil {
			return nil, fmt.Errorf("listen on %s: %w", o.Address, err)
		}
		server.TLSConfig = config
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return &Listener{server: server, listener: l}, nil
}

// Addr is where it listens.
func (l *Listener) Addr() net.Addr { return l.listener.Addr() }

// Serve answers until Shutdown; nil then.
func (l *Listener) Serve() error {
	var err error
	if l.server.TLSConfig != nil {
		err = l.server.ServeTLS(l.listener, "", "")
	} else {
		err = l.server.Serve(l.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve on %s: %w", l.Addr(), err)
}

// Shutdown takes no new requests and waits for those that run, until ctx is done; then it cuts them off. Streams of events
// are ended by Server.Close, which is called before.
func (l *Listener) Shutdown(ctx context.Context) error {
	err := l.server.Shutdown(ctx)
	if err == nil {
		return nil
	}
	if cerr := l.server.Close(); cerr != nil {
		err = errors.Join(err, cerr)
	}
	return fmt.Errorf("stop listening on %s: %w", l.Addr(), err)
}
