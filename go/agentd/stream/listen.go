package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// Receiver is the receiving end of one stream, bound to its port.
type Receiver struct {
	o    Options
	ln   net.Listener
	tls  *tls.Config
	pace *pacer
	wire atomic.Int64
}

// Listen binds addr (host:port; port 0 takes a free one) now, so that a sender that connects before Receive is called waits
// in the kernel. An address in use is an Error that names it.
func Listen(ctx context.Context, addr string, o Options) (*Receiver, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	conf, err := tlsConfig(o.Secret, o.SeedID, roleReceiver)
	if err != nil {
		return nil, err
	}
	ln, err := bind(ctx, addr)
	if err != nil {
		return nil, err
	}
	return &Receiver{o: o, ln: ln, tls: conf, pace: &pacer{limit: unlimited}}, nil
}

func bind(ctx context.Context, addr string) (net.Listener, error) {
	var conf net.ListenConfig
	ln, err := conf.Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, failed(CodePortInUse, "another seed or program has the data port: `ss -ltnp` shows which; end it or set seed-port",
			err, "the data port %s is in use", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return ln, nil
}

// Addr is where it listens.
func (r *Receiver) Addr() net.Addr { return r.ln.Addr() }

// Close frees the port; Receive does it too when it returns. It may be called again.
func (r *Receiver) Close() error {
	if err := r.ln.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// arrival is a connection whose other end has shown the sender's key.
type arrival struct {
	*link
	hello hello
}

// greet lets the sender in. Everybody else gets not a byte of this stream, and does not disturb it.
func (in *intake) greet(d *door, conn net.Conn) error {
	l := newLine(conn, in.pace, quiet(in.o.Patience), &in.wire)
	ctx, cancel := context.WithTimeout(context.Background(), l.quiet)
	defer cancel()
	k, err := handshake(ctx, l, func(l *line) *tls.Conn { return tls.Server(l, in.tls) })
	if err != nil {
		return err
	}
	var h hello
	if err := k.expect(kindHello, &h); err != nil {
		return err
	}
	if h.Version != helloVersion || h.Seed != in.o.SeedID || h.Stream == "" {
		return refuse(k, fmt.Sprintf("the receiver speaks version %d and is for seed %d; the sender has version %d and seed %d",
			helloVersion, in.o.SeedID, h.Version, h.Seed))
	}
	d.forget(conn)
	select {
	case in.arrivals <- arrival{link: k, hello: h}:
		return nil
	case <-d.done:
		return net.ErrClosed
	}
}

// refuse tells a sender why it is not taken.
func refuse(k *link, reason string) error {
	defer k.close()
	if err := k.line.SetWriteDeadline(time.Now().Add(k.line.quiet)); err != nil {
		return err
	}
	if err := k.sendJSON(kindWelcome, welcome{Refused: reason}); err != nil {
		return err
	}
	return errors.New(reason)
}
