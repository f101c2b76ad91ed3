package store_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/store/storetest"
)

// line is a connection that can break at a COMMIT: before the server gets it, or before its answer comes.
type line struct {
	listener net.Listener
	server   string

	mu     sync.Mutex
	breaks string // "", "before" or "after"
	broken int
}

func newLine(t *testing.T, server string) *line {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &line{listener: l, server: server}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go p.carry(conn)
		}
	}()
	return p
}

// breakNext has the next COMMIT break the line, once.
func (p *line) breakNext(how string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.breaks = how
}

func (p *line) times() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.broken
}

func (p *line) take() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	how := p.breaks
	p.breaks = ""
	if how != "" {
		p.broken++
	}
	return how
}

func (p *line) carry(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	var deaf sync.Mutex // held: answers go nowhere
	go func() {
		defer client.Close()
		b := make([]byte, 1<<16)
		for {
			n, err := server.Read(b)
			deaf.Lock()
			if err == nil {
				_, err = client.Write(b[:n])
			}
			deaf.Unlock()
			if err != nil {
				return
			}
		}
	}()
	b := make([]byte, 1<<16)
	for {
		n, err := client.Read(b)
		if err != nil {
			return
		}
		how := ""
		if bytes.Contains(b[:n], []byte("\x03COMMIT")) {
			how = p.take()
		}
		if how == "before" {
			return
		}
		if how == "after" {
			deaf.Lock()
			defer deaf.Unlock()
		}
		if _, err := server.Write(b[:n]); err != nil {
			return
		}
		if how == "after" {
			_ = client.Close() // and the server's end a moment later, as a line does that breaks
			_, _ = io.ReadFull(server, b[:5])
			return
		}
	}
}

// A COMMIT whose answer is lost is neither done twice nor reported as failed when it was done.
func testLostAnswers(t *testing.T, b *backend) {
	o := b.newDatabase(t)
	direct := open(t, o)
	p := newLine(t, b.server.Address())
	host, port, _ := net.SplitHostPort(p.listener.Addr().String())
	o.MySQL.Host, o.MySQL.Port = net.JoinHostPort(host, port), 0
	s := open(t, o)

	p.breakNext("after")
	made, err := s.CreateSeed(t.Context(), agent.Fence{}, storetest.NewSeed("tgt", "src"), nil, agent.AuditEntry{Type: "x"}, nil, 0, 0)
	if err != nil {
		t.Fatalf("a seed that was made: %v", err)
	}
	p.breakNext("before")
	_, err = s.CreateSeed(t.Context(), agent.Fence{}, storetest.NewSeed("tgt2", "src2"), nil, agent.AuditEntry{Type: "x"}, nil, 0, 0)
	if err == nil || !strings.Contains(err.Error(), "it was not stored") {
		t.Fatalf("a seed that was not made: %v", err)
	}

	next := *made
	next.Status = agentapi.Running
	transition := agent.Transition{Seed: next, Audit: []agent.AuditEntry{{Type: "x"}}}
	p.breakNext("before")
	if _, err := s.Transition(t.Context(), agent.Fence{}, transition); err == nil || !strings.Contains(err.Error(), "it was not stored") {
		t.Fatalf("a move that was not stored: %v", err)
	}
	p.breakNext("after")
	moved, err := s.Transition(t.Context(), agent.Fence{}, transition)
	if err != nil || moved.Version != 2 {
		t.Fatalf("a move that was stored: %+v, %v", moved, err)
	}
	if _, err := s.Transition(t.Context(), agent.Fence{}, transition); !errors.Is(err, agent.ErrConflict) {
		t.Fatalf("the same move again: %v", err)
	}
	if n := p.times(); n != 4 {
		t.Fatalf("the line broke %d times", n)
	}
	seeds, err := direct.Seeds(t.Context(), agent.SeedFilter{})
	if err != nil || len(seeds) != 1 || seeds[0].Version != 2 || seeds[0].ID != made.ID {
		t.Fatalf("stored: %d seeds, %v", len(seeds), err)
	}
	if audit, err := direct.AuditPage(t.Context(), 0, 0); err != nil || len(audit) != 2 {
		t.Fatalf("%d lines of audit, %v", len(audit), err)
	}
}
