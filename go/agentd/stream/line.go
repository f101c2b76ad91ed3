package stream

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// gather is how much is written to the kernel at once: TLS alone would do it by 16 KiB records, at a seventh more CPU.
	// Reading more at once than TLS asks for was measured to bring nothing.
	gather = 64 << 10
	// unsent bounds what waits in the kernel behind what is on its way, so that an abort or a change of the limit or of the
	// packing is not late by a whole socket buffer.
	unsent = 1 << 20
)

// line is a TCP connection that counts, paces, gathers, and is broken when nothing comes from the other side for
// quiet (0: it may be silent).
type line struct {
	net.Conn
	pace  *pacer
	quiet time.Duration
	wire  *atomic.Int64 // of the whole stream

	opened  time.Time
	heard   atomic.Int64 // since opened, when something came last
	blocked atomic.Int64 // time in writes
	done    chan struct{}
	once    sync.Once

	mu  sync.Mutex
	out []byte // gathered; nil while each write goes out at once
}

func newLine(c net.Conn, pace *pacer, quiet time.Duration, wire *atomic.Int64) *line {
	if tcp, ok := c.(*net.TCPConn); ok {
		tune(tcp)
	}
	return &line{Conn: c, pace: pace, quiet: quiet, wire: wire, opened: time.Now(), done: make(chan struct{})}
}

func tune(c *net.TCPConn) {
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { // no more than a hint
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsent)
	})
}

// gatherWrites lets small writes wait for flush; for after the TLS handshake, which waits for answers.
func (l *line) gatherWrites() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.out = make([]byte, 0, gather)
}

// gatherNoMore is for after a flush.
func (l *line) gatherNoMore() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.out = nil
}

// Write implements net.Conn.
func (l *line) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.out == nil {
		return len(p), l.put(p)
	}
	if len(l.out)+len(p) > cap(l.out) {
		if err := l.putOut(); err != nil {
			return 0, err
		}
	}
	if len(p) > cap(l.out) {
		return len(p), l.put(p)
	}
	l.out = append(l.out, p...)
	return len(p), nil
}

func (l *line) flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.putOut()
}

func (l *line) putOut() error {
	out := l.out
	l.out = l.out[:0]
	return l.put(out)
}

func (l *line) put(p []byte) error {
	start := time.Now()
	for len(p) > 0 {
		n, err := l.Conn.Write(p[:l.pace.take(len(p), l.done)])
		l.wire.Add(int64(n))
		if err != nil {
			return err
		}
		p = p[n:]
	}
	l.blocked.Add(int64(time.Since(start)))
	return nil
}

// Read implements net.Conn.
func (l *line) Read(p []byte) (int, error) {
	if l.quiet > 0 {
		if err := l.SetReadDeadline(time.Now().Add(l.quiet)); err != nil {
			return 0, err
		}
	}
	n, err := l.Conn.Read(p)
	if n > 0 {
		l.wire.Add(int64(n))
		l.heard.Store(int64(time.Since(l.opened)))
	}
	return n, err
}

// Close implements net.Conn; it ends writes that wait for their turn.
func (l *line) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Conn.Close()
}

// breath returns when something was heard last, if the connection has lived long enough to say that the other side does.
func (l *line) breath() (time.Time, bool) {
	heard := time.Duration(l.heard.Load())
	return l.opened.Add(heard), heard > l.quiet
}
