package http

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Options is what a Server is made of. Everything but Console, Metrics, Meter, Log and Now is needed.
type Options struct {
	Engine   Engine
	Registry Registry
	Data     Data
	Agents   Agents
	Node     Node
	Hub      *Hub // also given to the engine as its agent.Events
	// Changes is what other nodes store; nil where there are none.
	Changes Changes

	// Console holds the built console's index.html and files; nil is the one in the program.
	Console fs.FS

	Metrics http.Handler // answers /metrics; nil: 404
	Meter   Meter
	Log     *slog.Logger
	Now     func() time.Time

	URLPrefix      string // "" or "/some/path"
	StatusEndpoint string // another path, without the prefix, that answers like status
	ReadOnly       bool
	Auth           Auth
}

// Server makes the handlers of the service's two listeners. Its methods may be called from many goroutines.
type Server struct {
	Options
	auth    authenticator
	console *console
	tail    *tail // nil without Changes
	// life ends when the server is closed, and with it what goes on after its caller has left.
	life context.Context
	end  context.CancelFunc
}

// New checks the options and makes a Server.
func New(o Options) (*Server, error) {
	if o.Engine == nil || o.Registry == nil || o.Data == nil || o.Agents == nil || o.Node == nil || o.Hub == nil {
		return nil, errors.New("http: an engine, registry, data, agents, node and hub are needed")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Meter == nil {
		o.Meter = noMeter{}
	}
	o.URLPrefix = strings.TrimRight(o.URLPrefix, "/")
	a, err := newAuthenticator(o.Auth)
	if err != nil {
		return nil, fmt.Errorf("http: %w", err)
	}
	dist := o.Console
	if dist == nil {
		if dist, err = consoleFiles(); err != nil {
			return nil, fmt.Errorf("http: %w", err)
		}
	}
	pages, err := newConsole(dist, o.URLPrefix)
	if err != nil {
		return nil, fmt.Errorf("http: %w", err)
	}
	life, end := context.WithCancel(context.Background())
	s := &Server{Options: o, auth: a, console: pages, life: life, end: end}
	if o.Changes != nil {
		s.tail = &tail{changes: o.Changes, hub: o.Hub, log: o.Log, life: life}
	}
	return s, nil
}

// Close ends every stream of events and every change that goes on after its caller has left. It may be called again.
func (s *Server) Close() {
	s.Hub.Close()
	s.end()
}

// Handler answers at the service's listener.
func (s *Server) Handler() http.Handler {
	return s.serve(s.Routes(), s.authenticate)
}

// AgentsHandler answers at the agents' door. Agents are told a URL without path by their configuration, so the door is also
// open without the prefix.
func (s *Server) AgentsHandler() http.Handler {
	return s.serve(s.AgentsRoutes(), func(_ Route, next http.Handler) http.Handler { return next })
}

// Routes is everything that is served to people and scripts.
func (s *Server) Routes() []Route {
	var routes []Route
	for _, part := range [][]Route{
		s.agentRoutes(), s.verbRoutes(), s.seedRoutes(), s.seedActionRoutes(), s.auditRoutes(), s.eventRoutes(),
		s.healthRoutes(), s.pageRoutes(),
	} {
		routes = append(routes, part...)
	}
	for i := range routes {
		routes[i].Path = s.URLPrefix + routes[i].Path
	}
	return s.statusEndpoint(routes)
}

// AgentsRoutes is everything that is served to agents.
func (s *Server) AgentsRoutes() []Route {
	routes := s.doorRoutes()
	if s.URLPrefix == "" {
		return routes
	}
	for _, r := range s.doorRoutes() {
		r.Path = s.URLPrefix + r.Path
		routes = append(routes, r)
	}
	return routes
}

// serve puts routes behind the middlewares. guard is wrapped around each route that is not open.
func (s *Server) serve(routes []Route, guard func(Route, http.Handler) http.Handler) http.Handler {
	mux := http.NewServeMux()
	for _, r := range routes {
		h := http.Handler(r.serve)
		if r.Detached {
			h = s.detached(h)
		}
		if r.Changes {
			h = s.guardChange(h)
		}
		if !r.Open {
			h = guard(r, h)
		}
		mux.Handle(r.Path, named(r.Name, methods(r, h)))
	}
	mux.Handle("/", named("unknown", http.HandlerFunc(s.unknown)))
	return s.middlewares(slashless(mux))
}

func (s *Server) unknown(w http.ResponseWriter, r *http.Request) {
	writeError(w, r, notFound("There is nothing at this path."))
}

type noMeter struct{}

func (noMeter) HTTPRequest(string, int, time.Duration) {}
