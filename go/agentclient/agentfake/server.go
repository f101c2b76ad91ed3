package agentfake

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"
)

// server is the listener of an agent that was made with Start.
type server struct {
	agent *Agent
	addr  string
	mu    sync.Mutex
	http  *http.Server // nil while down
}

// Start makes an agent that listens on opts.Hostname, a loopback address, until the test ends.
func Start(tb testing.TB, opts Options) *Agent {
	tb.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(opts.Hostname, strconv.Itoa(opts.Port)))
	if err != nil {
		tb.Fatalf("start a fake agent: %v", err)
	}
	opts.Port = l.Addr().(*net.TCPAddr).Port
	a := New(opts)
	a.srv = &server{agent: a, addr: l.Addr().String()}
	a.srv.serve(l)
	tb.Cleanup(a.Close)
	return a
}

// Close ends the agent with every call that hangs. It may be called again.
func (a *Agent) Close() {
	a.mu.Lock()
	select {
	case <-a.closed:
	default:
		close(a.closed)
	}
	a.mu.Unlock()
	a.Down()
}

func (s *server) serve(l net.Listener) {
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute, ErrorLog: nil}
	go s.http.Serve(l) // it ends with ErrServerClosed when the agent goes down
}

func (s *server) setDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case down && s.http != nil:
		s.http.Close()
		s.http = nil
	case !down && s.http == nil:
		l, err := net.Listen("tcp", s.addr)
		if err != nil {
			panic(fmt.Sprintf("a fake agent can't come back: %v", err))
		}
		s.serve(l)
	}
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	call, ok := s.agent.parse(r, body)
	if !ok {
		http.NotFound(w, r)
		return
	}
	reply := s.agent.answer(r.Context(), call)
	switch {
	case reply.fault.Reset:
		reset(w)
	case reply.fault.Endless:
		s.drip(r.Context(), w)
	case reply.fault.Cut:
		w.Header().Set("Content-Type", reply.kind)
		w.Header().Set("Content-Length", strconv.Itoa(len(reply.body)))
		w.WriteHeader(reply.status)
		w.Write(reply.body[:len(reply.body)/2]) // the caller may be gone
	default:
		maps.Copy(w.Header(), reply.headers())
		w.WriteHeader(reply.status)
		w.Write(reply.body) // the caller may be gone
	}
}

// drip sends a byte every few milliseconds until the caller or the agent is gone.
func (s *server) drip(ctx context.Context, w http.ResponseWriter) {
	w.WriteHeader(http.StatusOK)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := w.Write([]byte(" ")); err != nil {
			return
		}
		w.(http.Flusher).Flush()
		select {
		case <-ctx.Done():
			return
		case <-s.agent.closed:
			return
		case <-tick.C:
		}
	}
}

// reset closes the connection so that the caller sees a reset.
func reset(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) // closed next
	}
	conn.Close()
}
