package stream

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// PlainOptions of one end of the plain stream of socat, which agents of others speak.
type PlainOptions struct {
	TLS      *tls.Config      // nil: no TLS (socat-use-ssl); a sender's without ServerName gets the host of its address
	Limit    func() int64     // the sender's: bytes a second on the line now, 0 for no bound
	Progress func(p Progress) // called five times a second at most, by one goroutine
	// Patience is how long the sender waits for a receiver that is late, and both for a peer that does not answer any more;
	// default 1 minute.
	Patience time.Duration
	// FirstPatience is how long the receiver waits for the sender's first byte; default 10 minutes, or Patience if that is
	// longer.
	FirstPatience time.Duration
	Logger        *slog.Logger
}

func (o PlainOptions) withDefaults() PlainOptions {
	if o.Patience <= 0 {
		o.Patience = DefaultPatience
	}
	if o.FirstPatience <= 0 {
		o.FirstPatience = max(DefaultFirstPatience, o.Patience)
	}
	if o.Limit == nil {
		o.Limit = unlimited
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// keepAlive makes a silent connection tell within patience that its other side is gone: a plain stream has no heartbeat.
func keepAlive(c net.Conn, patience time.Duration) {
	if tcp, ok := c.(*net.TCPConn); ok {
		step := max(patience/4, time.Second)
		_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: step, Interval: step, Count: 3})
	}
}

// reset ends a plain connection so that the other side sees an error and not the stream's end.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	c.Close()
}

// tcpInfo is what the kernel knows of a connection.
func tcpInfo(c *net.TCPConn) (info *unix.TCPInfo, unacked int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, 0, err
	}
	var infoErr, queueErr error
	err = raw.Control(func(fd uintptr) {
		info, infoErr = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		unacked, queueErr = unix.IoctlGetInt(int(fd), unix.TIOCOUTQ)
	})
	return info, unacked, errors.Join(err, infoErr, queueErr)
}

// dead says that data was sent again and again and nothing came back for patience. A receiver whose tool is slow answers,
// with a closed window.
func dead(info *unix.TCPInfo, patience time.Duration) bool {
	return info.Retransmits > 0 && info.Unacked > 0 && time.Duration(info.Last_ack_recv)*time.Millisecond > patience
}
