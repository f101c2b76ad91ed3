package clientfake

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

// Answer is what a path answers: Body is sent as it is.
type Answer struct {
	Status int // 0: 200
	Body   string
}

// Service is the fake. Its methods may be called from many goroutines.
type Service struct {
	// User and Password are asked for when User is not empty. Set them before use.
	User, Password string

	mu       sync.Mutex
	changed  *sync.Cond
	address  string
	server   *http.Server
	answers  map[string]Answer
	scripts  map[int64][]seedapi.Seed
	states   map[int64][]seedapi.SeedStageState
	events   []seedapi.Event
	streams  map[chan struct{}]bool // rung when there is something to send; closed to end
	requests []string
	silent   bool
}

// New starts a service on a free port of the loopback address.
func New() (*Service, error) {
	s := &Service{
		answers: map[string]Answer{},
		scripts: map[int64][]seedapi.Seed{},
		states:  map[int64][]seedapi.SeedStageState{},
		streams: map[chan struct{}]bool{},
		address: "127.0.0.1:0",
	}
	s.changed = sync.NewCond(&s.mu)
	return s, s.Start()
}

// URL is the base URL without /api.
func (s *Service) URL() string { return "http://" + s.address }

// Start listens again after Stop, on the same address.
func (s *Service) Start() error {
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		return fmt.Errorf("start the fake service: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.address = l.Addr().String()
	server := &http.Server{Handler: http.HandlerFunc(s.serve)}
	s.server = server
	go func() { _ = server.Serve(l) }() // always ends with ErrServerClosed
	return nil
}

// Stop cuts every connection and listens no more.
func (s *Service) Stop() {
	s.CutStreams()
	s.mu.Lock()
	server := s.server
	s.mu.Unlock()
	_ = server.Close()
}

// CutStreams ends every stream of events.
func (s *Service) CutStreams() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ring := range s.streams {
		close(ring)
		delete(s.streams, ring)
	}
}

// NoEvents makes events a path that is not there, as in an older service.
func (s *Service) NoEvents() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silent = true
}

// Set makes a request ("GET agents?page=0", "POST agent-update/db1") answer with a.
func (s *Service) Set(request string, a Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[request] = a
}

// Script makes agent-seed-details go through these states, one a question; the last one stays.
func (s *Service) Script(id int64, states ...seedapi.Seed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scripts[id] = slices.Clone(states)
}

// Move makes the seed stand like this from now on, and tells it as an event.
func (s *Service) Move(seed seedapi.Seed) error {
	raw, err := json.Marshal(seed)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.scripts[seed.SeedID] = []seedapi.Seed{seed}
	s.mu.Unlock()
	s.Tell("seed", raw)
	return nil
}

// States is the history that agent-seed-states answers with, newest first.
func (s *Service) States(id int64, states ...seedapi.SeedStageState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.states[id] = states
}

// Tell sends an event.
func (s *Service) Tell(kind string, data json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, seedapi.Event{ID: int64(len(s.events) + 1), Kind: kind, Data: data})
	for ring := range s.streams {
		select {
		case ring <- struct{}{}:
		default:
		}
	}
}

// Requests are all requests so far, as Set names them.
func (s *Service) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Await returns when a request that begins so has come n times in all.
func (s *Service) Await(ctx context.Context, begin string, n int) error {
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.changed.Broadcast()
	})
	defer stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		seen := 0
		for _, r := range s.requests {
			if strings.HasPrefix(r, begin) {
				seen++
			}
		}
		if seen >= n {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("waited for %d times %q, saw %d: %w", n, begin, seen, ctx.Err())
		}
		s.changed.Wait()
	}
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.RequestURI(), "/api/")
	if !ok {
		http.NotFound(w, r)
		return
	}
	request := r.Method + " " + path
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		request += " after " + id
	}
	s.mu.Lock()
	s.requests = append(s.requests, request)
	s.changed.Broadcast()
	answer, known := s.answers[request]
	s.mu.Unlock()

	user, password, _ := r.BasicAuth()
	switch {
	case s.User != "" && (user != s.User || password != s.Password):
		write(w, Answer{http.StatusUnauthorized, problem("Who are you?")})
	case known:
		write(w, answer)
	case path == "events" && !s.muted():
		s.stream(w, r)
	default:
		write(w, s.seedAnswer(r.Method, path))
	}
}

func (s *Service) muted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.silent
}

func (s *Service) seedAnswer(method, path string) Answer {
	name, word, _ := strings.Cut(path, "/")
	id, err := strconv.ParseInt(word, 10, 64)
	s.mu.Lock()
	defer s.mu.Unlock()
	var v any
	switch script := s.scripts[id]; {
	case err != nil || method != http.MethodGet || len(script) == 0:
		return Answer{http.StatusNotFound, problem("There is no " + path + ".")}
	case name == "agent-seed-details":
		v = script[0]
		if len(script) > 1 {
			s.scripts[id] = script[1:]
		}
	case name == "agent-seed-states":
		v = append([]seedapi.SeedStageState{}, s.states[id]...)
	}
	body, err := json.Marshal(v)
	if err != nil {
		return Answer{http.StatusInternalServerError, problem(err.Error())}
	}
	return Answer{Body: string(body)}
}

func problem(message string) string {
	return fmt.Sprintf(`{"Code":"ERROR","Message":%q,"Details":null}`, message)
}

func write(w http.ResponseWriter, a Answer) {
	w.Header().Set("Content-Type", "application/json")
	if a.Status != 0 {
		w.WriteHeader(a.Status)
	}
	_, _ = w.Write([]byte(a.Body)) // a caller that has left is what some tests are about
}
