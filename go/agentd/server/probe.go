package server

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

const (
	probeTimeout     = 10 * time.Second
	mostProbeSeconds = 60
	probeBody        = 64 << 10
)

// probeMySQL tries to log in from this host.
func (s *Server) probeMySQL(r *http.Request) (any, error) {
	var p agentapi.ProbeMySQL
	if err := json.NewDecoder(io.LimitReader(r.Body, probeBody)).Decode(&p); err != nil {
		return nil, errors.New("the body is not a probe in JSON") // the decoder's text could quote a password
	}
	if p.Host == "" || p.Port < 1 || p.Port > 65535 {
		return nil, errors.New("a probe needs Host and Port")
	}
	ctx, cancel := context.WithTimeout(r.Context(), probeTimeout)
	defer cancel()
	found, err := s.login(ctx, p)
	result := agentapi.ProbeResult{OK: err == nil, Found: found}
	if err != nil {
		result.Error = err.Error()
		if p.Password != "" {
			result.Error = strings.ReplaceAll(result.Error, p.Password, "********")
		}
	}
	return agentapi.APIResponse{Code: "OK", Details: result}, nil
}

func (s *Server) login(ctx context.Context, p agentapi.ProbeMySQL) (string, error) {
	m, addr := s.o.Host.MySQL(), host.Address{Host: p.Host, Port: p.Port}
	open := m.Open
	if p.User != "" {
		open = func(ctx context.Context, a host.Address) (*sql.DB, error) {
			return m.OpenAs(ctx, a, p.User, p.Password)
		}
	}
	db, err := open(ctx, addr)
	if err != nil {
		return "", err
	}
	defer db.Close()
	server, err := m.Server(ctx, db)
	return server.Version, err
}

// listenProbe is the data port, opened for a probe. A new probe takes the place of the one before.
type listenProbe struct {
	mu sync.Mutex
	l  net.Listener
}

// probeOpened is the Details of an answer to probe-listen.
type probeOpened struct {
	Nonce string `json:"nonce"`
	Port  int    `json:"port"`
}

// probeListen opens the data port, answers at once, and gives the first caller that comes in the next seconds a nonce.
func (s *Server) probeListen(r *http.Request) (any, error) {
	seconds := 10
	if text := r.URL.Query().Get("seconds"); text != "" {
		var err error
		if seconds, err = strconv.Atoi(text); err != nil || seconds < 1 || seconds > mostProbeSeconds {
			return nil, fmt.Errorf("seconds is %q: allowed are 1 to %d", text, mostProbeSeconds)
		}
	}
	if id, receives := s.o.Runner.Receiving(); receives {
		return nil, &method.StageError{Code: "port-in-use", Text: fmt.Sprintf("open the data port: seed %d receives its data on port %d", id, s.o.SeedPort),
			Hint: "Wait for the end of that seed, or abort it."}
	}
	nonce := rand.Text()
	err := s.probe.open(net.JoinHostPort(s.o.BindAddress, strconv.Itoa(s.o.SeedPort)), nonce, time.Duration(seconds)*time.Second)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, &method.StageError{Code: "port-in-use", Text: "open the data port", Err: err,
			Hint: "Another program listens on common.seed-port: end it, or choose another port."}
	}
	if err != nil {
		return nil, fmt.Errorf("open the data port: %w", err)
	}
	return agentapi.APIResponse{Code: "OK", Details: probeOpened{nonce, s.o.SeedPort}}, nil
}

func (p *listenProbe) open(addr, nonce string, last time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.l != nil {
		p.l.Close()
		p.l = nil
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	p.l = l
	l.(*net.TCPListener).SetDeadline(time.Now().Add(last))
	go func() {
		defer l.Close()
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(probeTimeout))
		io.WriteString(c, nonce+"\n") // who does not read it says so by itself
	}()
	return nil
}

func (p *listenProbe) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.l != nil {
		p.l.Close()
		p.l = nil
	}
}

// probeConnect connects to another agent's data port and compares what it reads there.
func (s *Server) probeConnect(r *http.Request) (any, error) {
	name, nonce := r.PathValue("host"), r.URL.Query().Get("nonce")
	port, err := strconv.Atoi(r.PathValue("port"))
	if err != nil || port < 1 || port > 65535 || nonce == "" || len(nonce) > 256 {
		return nil, errors.New("a probe needs a port from 1 to 65535 and a nonce")
	}
	ctx, cancel := context.WithTimeout(r.Context(), probeTimeout)
	defer cancel()
	result := agentapi.ProbeResult{OK: true}
	if err := readNonce(ctx, net.JoinHostPort(name, strconv.Itoa(port)), nonce); err != nil {
		result = agentapi.ProbeResult{Error: err.Error()}
	}
	return agentapi.APIResponse{Code: "OK", Details: result}, nil
}

func readNonce(ctx context.Context, addr, nonce string) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", addr, err)
	}
	defer c.Close()
	if deadline, ok := ctx.Deadline(); ok {
		c.SetDeadline(deadline)
	}
	got := make([]byte, len(nonce))
	if _, err := io.ReadFull(c, got); err != nil {
		return fmt.Errorf("%s takes connections, but nothing comes from it: %w", addr, err)
	}
	if string(got) != nonce {
		return fmt.Errorf("something else answers at %s", addr)
	}
	return nil
}
