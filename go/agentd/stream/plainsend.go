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

// SendPlain connects to what listens at addr (host:port), tries again for Patience while nobody does, and sends src's bytes
// and nothing else, as `socat -u` does. At src's end it calls ended; only nil lets src's last byte and the stream's end go
// out. Anything else resets the connection: without TLS socat takes even that for an end, but its tool gets less than a
// whole archive. It returns nil when the other side has taken everything; whether its tool ended well only our own
// PlainReceiver tells, by a reset. src and ended are treated as by Send.
func SendPlain(ctx context.Context, addr string, src io.Reader, ended func() error, o PlainOptions) (Summary, error) {
	o = o.withDefaults()
	s := &plainSender{o: o, addr: addr, src: src, ended: ended, pace: &pacer{limit: o.Limit}}
	stop := report(func() { o.Progress(Progress{Bytes: s.bytes.Load(), Wire: max(s.wire.Load(), s.bytes.Load())}) })
	defer stop()
	widen(src)
	err := s.run(ctx)
	if err != nil {
		interrupt(src)
	}
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("send to %s: %w", addr, context.Cause(ctx))
	}
	n := s.bytes.Load()
	return Summary{Bytes: n, Wire: max(s.wire.Load(), n), Connections: 1}, err
}

type plainSender struct {
	o     PlainOptions
	addr  string
	src   io.Reader
	ended func() error
	pace  *pacer
	bytes atomic.Int64
	wire  atomic.Int64 // counted with TLS only
	gone  atomic.Bool  // the watcher found the peer dead
}

func (s *plainSender) run(ctx context.Context) error {
	raw, out, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer raw.Close()
	done := make(chan struct{})
	defer close(done)
	stop := context.AfterFunc(ctx, func() {
		interrupt(s.src)
		reset(raw)
	})
	defer stop()
	go s.watch(raw, done)
	copied := make(chan error, 1)
	go func() {
		copied <- s.copy(out)
	}()
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
		reset(raw)
		return err
	}
	return s.finish(raw, out)
}

// connect tries until Patience is over.
func (s *plainSender) connect(ctx context.Context) (*net.TCPConn, net.Conn, error) {
	until := time.Now().Add(s.o.Patience)
	dialer := net.Dialer{Timeout: quiet(s.o.Patience)}
	for backoff := 50 * time.Millisecond; ; backoff = min(2*backoff, time.Second) {
		raw, out, err := s.dial(ctx, &dialer)
		if err == nil {
			return raw, out, nil
		}
		var wrong *tls.CertificateVerificationError
		if errors.As(err, &wrong) {
			return nil, nil, failed(CodePeerRefused, "the certificate files of socat-use-ssl on both sides have to fit", err, "TLS with %s", s.addr)
		}
		if ctx.Err() != nil || time.Until(until) < backoff {
			return nil, nil, failed(CodePeerLate, "does the target listen on its data port (seed-port), with TLS if this side has socat-use-ssl, and can this host reach it?",
				err, "no receiving end at %s within %s", s.addr, s.o.Patience)
		}
		select {
		case <-ctx.Done():
		case <-time.After(backoff):
		}
	}
}

func (s *plainSender) dial(ctx context.Context, dialer *net.Dialer) (*net.TCPConn, net.Conn, error) {
	conn, err := dialer.DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return nil, nil, err
	}
	raw := conn.(*net.TCPConn)
	keepAlive(raw, s.o.Patience)
	if s.o.TLS == nil {
		return raw, raw, nil
	}
	conf := s.o.TLS
	if conf.ServerName == "" {
		conf = conf.Clone()
		if conf.ServerName, _, err = net.SplitHostPort(s.addr); err != nil {
			raw.Close()
			return nil, nil, err
		}
	}
	l := newLine(raw, s.pace, 0, &s.wire)
	out := tls.Client(l, conf)
	limited, cancel := context.WithTimeout(ctx, dialer.Timeout)
	defer cancel()
	if err := out.HandshakeContext(limited); err != nil {
		raw.Close()
		return nil, nil, err
	}
	l.gatherWrites()
	return raw, &flushed{Conn: out, line: l}, nil
}

// flushed is a TLS connection whose writes leave at once, whole.
type flushed struct {
	*tls.Conn
	line *line
}

func (f *flushed) Write(p []byte) (int, error) {
	n, err := f.Conn.Write(p)
	if err != nil {
		return n, err
	}
	return n, f.line.flush()
}

// CloseWrite tells TLS's end. What it writes leaves at once: afterwards TLS lets nothing be written any more.
func (f *flushed) CloseWrite() error {
	f.line.gatherNoMore()
	return f.Conn.CloseWrite()
}

func (s *plainSender) copy(out net.Conn) error {
	err := carry(out, s.src, s.ended, s.pace, &s.bytes)
	var read *readError
	var end *endError
	switch {
	case errors.As(err, &end):
		return end.err
	case errors.As(err, &read):
		return fmt.Errorf("read the tool's output: %w", read.err)
	case s.gone.Load():
		return failed(CodePeerAway, "the target's host or the network is down: the whole stage has to be started again", err,
			"the receiving end at %s has not answered for %s", s.addr, s.o.Patience)
	case err != nil:
		return failed(CodeCut, "the receiving tool on the target ended early: look at the target's log", err,
			"the receiving end at %s broke off after %d bytes", s.addr, s.bytes.Load())
	}
	return nil
}

// watch closes a connection whose other side does not answer any more.
func (s *plainSender) watch(c *net.TCPConn, done <-chan struct{}) {
	for !waitFor(done, max(s.o.Patience/8, 50*time.Millisecond)) {
		info, _, err := tcpInfo(c)
		if err == nil && dead(info, s.o.Patience) {
			s.gone.Store(true)
			interrupt(s.src)
			reset(c)
			return
		}
	}
}

// finish tells the end and waits until the other side has taken everything and closed. A peer that keeps the connection
// open has at least got it all.
func (s *plainSender) finish(raw *net.TCPConn, out net.Conn) error {
	if f, ok := out.(*flushed); ok {
		if err := f.CloseWrite(); err != nil {
			return s.cut(err)
		}
	}
	if err := raw.CloseWrite(); err != nil {
		return s.cut(err)
	}
	if err := raw.SetReadDeadline(time.Now().Add(s.o.Patience)); err != nil {
		return s.cut(err)
	}
	_, err := io.Copy(io.Discard, raw)
	if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
		if _, unacked, infoErr := tcpInfo(raw); infoErr == nil && unacked == 0 {
			return nil
		}
		return failed(CodePeerAway, "the target's host or the network is down, or its tool hangs", err,
			"the receiving end at %s has not taken the end of the stream within %s", s.addr, s.o.Patience)
	}
	if err != nil {
		return s.cut(err)
	}
	return nil
}

func (s *plainSender) cut(err error) error {
	return failed(CodeCut, "the receiving tool on the target failed: look at the target's log", err,
		"the receiving end at %s broke off at the end of the stream", s.addr)
}
