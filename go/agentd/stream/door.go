package stream

import (
	"errors"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"
)

// maxStrange bounds the connections that have not shown who they are; one too many ends the oldest.
const maxStrange = 64

// door takes connections without holding up anybody: each is greeted in a goroutine of its own. Greet calls forget and
// returns nil when it hands the connection on; every other is closed.
type door struct {
	ln    net.Listener
	log   *slog.Logger
	greet func(net.Conn) error
	done  chan struct{}
	wg    sync.WaitGroup

	mu      sync.Mutex
	strange []net.Conn // oldest first
}

func openDoor(ln net.Listener, log *slog.Logger, greet func(*door, net.Conn) error) *door {
	d := &door{ln: ln, log: log, done: make(chan struct{})}
	d.greet = func(c net.Conn) error { return greet(d, c) }
	d.wg.Go(d.accept)
	return d
}

// close frees the port and ends all connections that were not handed on.
func (d *door) close() {
	close(d.done)
	d.ln.Close()
	d.mu.Lock()
	for _, c := range d.strange {
		c.Close()
	}
	d.mu.Unlock()
	d.wg.Wait()
}

func (d *door) accept() {
	for {
		conn, err := d.ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors, or a connection that went before it was taken
			d.log.Warn("accept on the data port", "err", err)
			if waitFor(d.done, 100*time.Millisecond) {
				return
			}
			continue
		}
		d.keep(conn)
		d.wg.Go(func() {
			err := d.greet(conn)
			d.forget(conn)
			if err != nil {
				conn.Close()
				d.log.Info("connection on the data port is not the sender", "from", conn.RemoteAddr().String(), "err", err)
			}
		})
	}
}

func (d *door) keep(c net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.strange = append(d.strange, c)
	if len(d.strange) > maxStrange {
		d.strange[0].Close()
		d.strange = d.strange[1:]
	}
	select {
	case <-d.done:
		c.Close()
	default:
	}
}

func (d *door) forget(c net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.strange = slices.DeleteFunc(d.strange, func(other net.Conn) bool { return other == c })
}
