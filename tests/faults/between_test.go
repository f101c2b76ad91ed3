package faults

import (
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// between stands between a program, which listens on another address, and everybody who wants to reach it on its host: what
// comes is handed on, and the data line can be harmed. The program is the target's agent, or the source's MySQL.
type between struct {
	host  string
	doors []net.Listener
	harm  atomic.Pointer[harm]
	bytes atomic.Int64 // of the data line towards the target, over all connections; of MySQL, the longest connection's
	mysql bool
	wg    sync.WaitGroup
}

// harm is what happens to the data line. Its functions are called by many goroutines.
type harm struct {
	// take is called with what is to be handed on, at that place of all connections' bytes, or of the connection to MySQL. It may
	// change it, wait, or say false: then the connection is reset.
	take func(at int64, b []byte) bool
	// hole: nothing is handed on any more, in no direction, and no end is told of. Of the connections to MySQL these are the ones
	// that have come beyond the place.
	hole func() bool
}

// standBetween sets up a fleet that has the harness between.
func (w *world) standBetween(o *fleet.Options) {
	w.t.Helper()
	hosts := sandbox.HostsT(w.t, 1)
	b := &between{}
	w.between = b
	o.TargetBind = hosts[0]
	o.TargetBetween = func(a *fleet.Agent) error {
		b.host = a.Host
		for _, port := range []int{a.Port, a.SeedPort} {
			l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", a.Host, port))
			if err != nil {
				return err
			}
			b.doors = append(b.doors, l)
			data := port == a.SeedPort
			b.wg.Go(func() { b.serve(l, fmt.Sprintf("%s:%d", a.Bind, port), data) })
		}
		return nil
	}
	w.t.Cleanup(b.close)
}

// standBeforeMySQL sets up a fleet that has the harness between the source's MySQL and all others.
func (w *world) standBeforeMySQL(o *fleet.Options) {
	w.t.Helper()
	hosts := sandbox.HostsT(w.t, 4)
	o.Hosts = hosts[:3]
	b := &between{host: hosts[1], mysql: true}
	w.between = b
	var err error
	o.Source.Port, err = sandbox.FreePort(b.host)
	w.must(err)
	o.Source.Extra = append(o.Source.Extra, "bind_address="+hosts[3])
	l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", b.host, o.Source.Port))
	w.must(err)
	b.doors = append(b.doors, l)
	b.wg.Go(func() { b.serve(l, fmt.Sprintf("%s:%d", hosts[3], o.Source.Port), true) })
	w.t.Cleanup(b.close)
}

func (b *between) close() {
	b.harm.Store(nil)
	for _, l := range b.doors {
		_ = l.Close()
	}
	b.wg.Wait()
}

func (b *between) serve(l net.Listener, to string, data bool) {
	for {
		in, err := l.Accept()
		if err != nil {
			return
		}
		out, err := net.DialTimeout("tcp", to, 5*time.Second)
		if err != nil {
			reset(in)
			continue
		}
		switch {
		case b.mysql:
			count := new(atomic.Int64)
			b.wg.Go(func() { b.carry(out, in, count, false) })
			b.wg.Go(func() { b.carry(in, out, count, true) })
		case data:
			b.wg.Go(func() { b.carry(out, in, &b.bytes, true) })
			b.wg.Go(func() { b.carry(in, out, &b.bytes, false) })
		default:
			b.wg.Go(func() { b.carry(out, in, nil, false) })
			b.wg.Go(func() { b.carry(in, out, nil, false) })
		}
	}
}

// carry hands on what comes from one side until it ends. What is data, with a count, can be harmed, and is counted towards the
// target.
func (b *between) carry(to, from net.Conn, count *atomic.Int64, counted bool) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 && counted {
			at := count.Add(int64(n)) - int64(n)
			if b.mysql {
				b.bytes.Store(max(b.bytes.Load(), at))
			}
			if h := b.harm.Load(); h != nil && h.take != nil && !h.take(at, buf[:n]) {
				reset(to)
				reset(from)
				return
			}
		}
		for b.swallows(count) {
			time.Sleep(20 * time.Millisecond)
		}
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			if err != io.EOF {
				reset(to)
			}
			return
		}
	}
}

func (b *between) swallows(count *atomic.Int64) bool {
	h := b.harm.Load()
	return count != nil && h != nil && h.hole != nil && (!b.mysql || count.Load() > place) && h.hole()
}

// reset ends a connection as a firewall or a crashed host does.
func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = c.Close()
}

// listens says whether it is the harness that listens there.
func (b *between) listens(host string, port int) bool {
	if b == nil || host != b.host {
		return false
	}
	for _, l := range b.doors {
		if l.Addr().(*net.TCPAddr).Port == port {
			return true
		}
	}
	return false
}
