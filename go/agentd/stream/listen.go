package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
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

// door lets senders in: it shakes hands with whoever connects, without holding up anybody, and hands on those that have the
// key. Everybody else gets not a byte of this stream, and does not disturb it.
type door struct {
	r        *Receiver
	arrivals chan arrival
	done     chan struct{}
	wg       sync.WaitGroup

	mu      sync.Mutex
	strange []*line // not known yet, oldest first
}

// maxStrange bounds the connections that have not shown a key; one too many ends the oldest.
const maxStrange = 64

func (r *Receiver) open() *door {
	d := &door{r: r, arrivals: make(chan arrival), done: make(chan struct{})}
	d.wg.Go(d.accept)
	return d
}

// close ends all that have not been handed on.
func (d *door) close() {
	close(d.done)
	d.r.Close()
	d.mu.Lock()
	for _, l := range d.strange {
		l.Close()
	}
	d.mu.Unlock()
	d.wg.Wait()
}

func (d *door) accept() {
	for {
		conn, err := d.r.ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors, or a connection that went before it was taken
			d.r.o.Logger.Warn("accept on the data port", "err", err)
			if waitFor(d.done, 100*time.Millisecond) {
				return
			}
			continue
		}
		l := newLine(conn, d.r.pace, quiet(d.r.o.Patience), &d.r.wire)
		d.keep(l)
		d.wg.Go(func() {
			err := d.greet(l)
			d.forget(l)
			if err != nil {
				l.Close()
				d.r.o.Logger.Info("connection on the data port is not the sender", "from", conn.RemoteAddr().String(), "err", err)
			}
		})
	}
}

func (d *door) keep(l *line) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.strange = append(d.strange, l)
	if len(d.strange) > maxStrange {
		d.strange[0].Close()
		d.strange = d.strange[1:]
	}
	select {
	case <-d.done:
		l.Close()
	default:
	}
}

func (d *door) forget(l *line) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.strange {
		if d.strange[i] == l {
			d.strange = append(d.strange[:i], d.strange[i+1:]...)
			return
		}
	}
}

func (d *door) greet(l *line) error {
	ctx, cancel := context.WithTimeout(context.Background(), l.quiet)
	defer cancel()
	k, err := handshake(ctx, l, func(l *line) *tls.Conn { return tls.Server(l, d.r.tls) })
	if err != nil {
		return err
	}
	var h hello
	if err := k.expect(kindHello, &h); err != nil {
		return err
	}
	if h.Version != helloVersion || h.Seed != d.r.o.SeedID || h.Stream == "" {
		return d.refuse(k, fmt.Sprintf("the receiver speaks version %d and is for seed %d; the sender has version %d and seed %d",
			helloVersion, d.r.o.SeedID, h.Version, h.Seed))
	}
	select {
	case d.arrivals <- arrival{link: k, hello: h}:
		return nil
	case <-d.done:
		return net.ErrClosed
	}
}

// refuse tells a sender why it is not taken.
func (d *door) refuse(k *link, reason string) error {
	defer k.close()
	if err := k.line.SetWriteDeadline(time.Now().Add(k.line.quiet)); err != nil {
		return err
	}
	if err := k.sendJSON(kindWelcome, welcome{Refused: reason}); err != nil {
		return err
	}
	return errors.New(reason)
}
