package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"time"
)

// PlainOptions of one end of the plain stream of socat, which agents of others speak.
type PlainOptions struct {
	TLS      *tls.Config      // nil: no TLS (socat-use-ssl)
	Limit    func() int64     // the sender's: bytes a second on the line now, 0 for no bound
	Progress func(p Progress) // called five times a second at most, by one goroutine
	// Patience is how long the sender waits for a receiver that is late, and both for a peer that does not answer any more;
	// default 1 minute.
	Patience time.Duration
	// FirstPatience is how long the receiver waits for the sender; default 10 minutes, or Patience if that is longer.
	FirstPatience time.Duration
	Logger        *slog.Logger
}

// PlainReceiver is the receiving end of a plain stream, bound to its port.
type PlainReceiver struct {
	o  PlainOptions
	ln net.Listener
}

// ListenPlain binds addr now, as Listen does.
func ListenPlain(ctx context.Context, addr string, o PlainOptions) (*PlainReceiver, error) {
	ln, err := bind(ctx, addr)
	if err != nil {
		return nil, err
	}
	return &PlainReceiver{o: o, ln: ln}, nil
}

// Addr is where it listens.
func (r *PlainReceiver) Addr() net.Addr { return r.ln.Addr() }

// Close frees the port.
func (r *PlainReceiver) Close() error {
	if err := r.ln.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Receive writes to dst what the first connection with a byte brings, and calls ended at its end.
func (r *PlainReceiver) Receive(ctx context.Context, dst io.Writer, ended func() error) (Summary, error) {
	defer r.Close()
	defer context.AfterFunc(ctx, func() { r.Close() })()
	c, err := r.ln.Accept()
	if err != nil {
		return Summary{}, err
	}
	defer c.Close()
	n, err := io.Copy(dst, c)
	if err == nil {
		err = ended()
	}
	return Summary{Bytes: n, Wire: n, Connections: 1}, err
}

// SendPlain carries src to what listens at addr.
func SendPlain(ctx context.Context, addr string, src io.Reader, ended func() error, o PlainOptions) (Summary, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return Summary{}, err
	}
	defer c.Close()
	n, err := io.Copy(c, src)
	if err == nil {
		err = ended()
	}
	return Summary{Bytes: n, Wire: n, Connections: 1}, err
}
