package stream

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy is a TCP line between the two ends that can go wrong.
type proxy struct {
	t  *testing.T
	ln net.Listener
	to string
	// fault is asked about each piece that passes, and may change it; down is from the receiver to the sender.
	fault func(p *passage, piece []byte) verb

	conns atomic.Int64
	mu    sync.Mutex
	open  []net.Conn
	wg    sync.WaitGroup
}

// passage is one direction of one connection.
type passage struct {
	number int64 // of the connection, from 1
	down   bool
	passed int64 // before this piece
}

type verb int

const (
	pass verb = iota
	breakOff
	swallow // black hole: taken, never delivered
)

func newProxy(t *testing.T, fault func(p *passage, piece []byte) verb) *proxy {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, ln: ln, fault: fault}
	t.Cleanup(p.close)
	return p
}

// through starts it in front of addr.
func (p *proxy) through(addr string) string {
	p.to = addr
	p.wg.Go(func() {
		for {
			c, err := p.ln.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", p.to)
			if err != nil {
				c.Close()
				continue
			}
			p.mu.Lock()
			p.open = append(p.open, c, out)
			p.mu.Unlock()
			n := p.conns.Add(1)
			p.wg.Go(func() { p.pump(out, c, &passage{number: n}) })
			p.wg.Go(func() { p.pump(c, out, &passage{number: n, down: true}) })
		}
	})
	return p.ln.Addr().String()
}

func (p *proxy) pump(dst, src net.Conn, where *passage) {
	defer dst.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			switch p.fault(where, buf[:n]) {
			case breakOff:
				reset(dst)
				reset(src)
				return
			case swallow:
				_, _ = io.Copy(io.Discard, src)
				return
			}
			if _, err := dst.Write(buf[:n]); err != nil {
				return
			}
			where.passed += int64(n)
		}
		if err != nil {
			return
		}
	}
}

// cut ends all connections there are.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.open {
		reset(c)
	}
	p.open = nil
}

func (p *proxy) close() {
	p.ln.Close()
	p.cut()
	p.wg.Wait()
}

// slow lets bytes a second pass.
func slow(bytesPerSecond int64) func(*passage, []byte) verb {
	pace := &pacer{limit: func() int64 { return bytesPerSecond }}
	return func(_ *passage, piece []byte) verb {
		for left := len(piece); left > 0; {
			left -= pace.take(left, nil)
		}
		return pass
	}
}
