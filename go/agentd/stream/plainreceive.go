package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// PlainReceiver is the receiving end of a plain stream, bound to its port.
type PlainReceiver struct {
	o     PlainOptions
	ln    net.Listener
	bytes atomic.Int64
	wire  atomic.Int64 // counted with TLS only
}

// ListenPlain binds addr now, as Listen does.
func ListenPlain(ctx context.Context, addr string, o PlainOptions) (*PlainReceiver, error) {
	ln, err := bind(ctx, addr)
	if err != nil {
		return nil, err
	}
	return &PlainReceiver{o: o.withDefaults(), ln: ln}, nil
}

// Addr is where it listens.
func (r *PlainReceiver) Addr() net.Addr { return r.ln.Addr() }

// Close frees the port; Receive does it too. It may be called again.
func (r *PlainReceiver) Close() error {
	if err := r.ln.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Receive writes to dst what the first connection brings that brings a byte - a connection without one is a probe - and at
// its end calls ended. The port is free from that first byte on. A plain stream has no end record: without TLS a sender
// that was killed looks like one that was ready, and the caller has to prove what it received. dst and ended are treated as
// by Receiver.Receive.
func (r *PlainReceiver) Receive(ctx context.Context, dst io.Writer, ended func() error) (Summary, error) {
	stop := report(func() {
		r.o.Progress(Progress{Bytes: r.bytes.Load(), Wire: max(r.wire.Load(), r.bytes.Load())})
	})
	defer stop()
	widen(dst)
	err := r.receive(ctx, dst, ended)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("receive on %s: %w", r.Addr(), context.Cause(ctx))
	}
	n := r.bytes.Load()
	return Summary{Bytes: n, Wire: max(r.wire.Load(), n), Connections: 1}, err
}

// guest is the connection that brought the first bytes.
type guest struct {
	raw   net.Conn
	in    net.Conn // raw, or TLS on it
	first []byte
	err   error // of the read that brought them
}

func (r *PlainReceiver) receive(ctx context.Context, dst io.Writer, ended func() error) error {
	g, err := r.await(ctx)
	if err != nil {
		return err
	}
	defer g.raw.Close()
	stop := context.AfterFunc(ctx, func() {
		interrupt(dst)
		reset(g.raw)
	})
	defer stop()
	copied := make(chan error, 1)
	go func() { copied <- r.copy(dst, g, ended) }()
	select {
	case err = <-copied:
	case <-ctx.Done():
		select {
		case err = <-copied:
		case <-time.After(toolGrace):
			err = context.Cause(ctx)
		}
	}
	if err != nil {
		reset(g.raw)
	}
	return err
}

func (r *PlainReceiver) await(ctx context.Context) (*guest, error) {
	guests := make(chan *guest)
	d := openDoor(r.ln, r.o.Logger, func(d *door, c net.Conn) error {
		g, err := r.greet(c)
		if err != nil {
			return err
		}
		d.forget(c)
		select {
		case guests <- g:
			return nil
		case <-d.done:
			return net.ErrClosed
		}
	})
	defer d.close()
	timer := time.NewTimer(r.o.FirstPatience)
	defer timer.Stop()
	select {
	case g := <-guests:
		return g, nil
	case <-timer.C:
		return nil, failed(CodePeerLate, "does the source's agent run, does its tool give any output, and can it reach this host's data port (firewall, socat-use-ssl)?",
			nil, "no sender came to %s within %s", r.Addr(), r.o.FirstPatience)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// greet waits for a connection's first bytes, however long its tool takes for them.
func (r *PlainReceiver) greet(c net.Conn) (*guest, error) {
	keepAlive(c, r.o.Patience)
	g := &guest{raw: c, in: c, first: make([]byte, gather)}
	if r.o.TLS != nil {
		conn := tls.Server(newLine(c, &pacer{limit: unlimited}, 0, &r.wire), r.o.TLS)
		limited, cancel := context.WithTimeout(context.Background(), quiet(r.o.Patience))
		defer cancel()
		if err := conn.HandshakeContext(limited); err != nil {
			return nil, err
		}
		g.in = conn
	}
	var n int
	n, g.err = g.in.Read(g.first)
	if n == 0 {
		return nil, fmt.Errorf("it brought no byte: %w", g.err)
	}
	g.first = g.first[:n]
	return g, nil
}

func (r *PlainReceiver) copy(dst io.Writer, g *guest, ended func() error) error {
	if _, err := dst.Write(g.first); err != nil {
		return fmt.Errorf("hand the stream to the receiving tool: %w", err)
	}
	r.bytes.Add(int64(len(g.first)))
	err := g.err
	if err == nil {
		err = carry(dst, g.in, nil, &pacer{limit: unlimited}, &r.bytes)
	} else if !errors.Is(err, io.EOF) {
		err = &readError{err}
	} else {
		err = nil
	}
	var read *readError
	switch {
	case errors.As(err, &read):
		return failed(CodeCut, "the source's tool or agent was ended, or the network is broken: the whole stage has to be started again",
			read.err, "the stream was cut after %d bytes", r.bytes.Load())
	case err != nil:
		return fmt.Errorf("hand the stream to the receiving tool after %d bytes: %w", r.bytes.Load(), err)
	}
	return ended()
}
