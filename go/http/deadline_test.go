package http

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener in memory, so that connections live in a bubble's time.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return ours, nil
}

// serveInBubble runs the handler with the deadlines of a real listener.
func serveInBubble(t *testing.T, h http.Handler) (client *http.Client, stop func()) {
	t.Helper()
	l, err := Listen(t.Context(), ListenOptions{Address: "127.0.0.1:0", Handler: h})
	must(t, err)
	must(t, l.listener.Close())
	p := newPipes()
	l.listener = p
	served := make(chan error, 1)
	go func() { served <- l.Serve() }()
	client = &http.Client{Transport: &http.Transport{DialContext: p.dial}}
	return client, func() {
		client.CloseIdleConnections()
		must(t, l.server.Close())
		must(t, <-served)
	}
}

func TestStreamOutlivesTheListenersDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := start(t, w, nil)
		client, stop := serveInBubble(t, s.Handler())
		defer stop()
		resp, err := client.Get("http://door/api/events")
		must(t, err)
		defer resp.Body.Close()
		lines := lineReader(resp.Body)
		time.Sleep(time.Hour) // the bubble's clock
		s.Hub.SeedChanged(w.seeds[0])
		synctest.Wait()
		beats := 0
		for line := range lines {
			if line == "event: alive" {
				beats++
			}
			if line == "event: seed" {
				break
			}
		}
		want(t, "heartbeats in an hour", beats, 240)
		s.Close()
		for range lines {
			continue // until the stream has ended
		}
	})
}

func TestLongRegistrationIsNotCutOffByTheBodysDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.hold = make(chan struct{})
		client, stop := serveInBubble(t, start(t, w, nil).AgentsHandler())
		defer stop()
		time.AfterFunc(2*bodyTime, func() { close(w.hold) })
		resp, err := client.Post("http://door/api/register-agent", "application/json", strings.NewReader(v2Registration))
		must(t, err)
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		must(t, err)
		want(t, "answer", string(answer), `"src1"`)
	})
}

func TestBodyThatNeverComesEndsTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		client, stop := serveInBubble(t, start(t, w, nil).AgentsHandler())
		defer stop()
		body, never := io.Pipe()
		defer never.Close()
		begin := time.Now()
		resp, err := client.Post("http://door/api/register-agent", "application/json", body)
		if err == nil {
			want(t, "status", resp.StatusCode, 400)
			must(t, resp.Body.Close())
		}
		if took := time.Since(begin); took > bodyTime+time.Second {
			t.Errorf("the request was held for %v", took)
		}
		want(t, "calls", len(w.calls), 0)
	})
}
