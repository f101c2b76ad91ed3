package http

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

// nodeAnswer is the answer of status: ours for pages and the command line, with the Code and Message by which orchestrator's
// callers tell how it is.
type nodeAnswer struct {
	Code    string
	Message string
	seedapi.NodeStatus
}

func (s *Server) healthRoutes() []Route {
	leader := func(path string) Route {
		r := read(path, nil)
		r.serve, r.Open = s.leaderCheck, true
		return r
	}
	status := read("status", nil)
	status.serve = s.status
	health := read("health", nil)
	health.serve = s.health
	lb := read("lb-check", nil)
	lb.serve, lb.Open = s.lbCheck, true
	me := read("me", s.me)
	return []Route{me, health, status, lb, leader("leader-check"), leader("leader-check/{errorStatusCode}")}
}

// statusEndpoint adds the path of the configuration, unless it is one of ours already; it has no prefix, as in orchestrator.
func (s *Server) statusEndpoint(routes []Route) []Route {
	p := s.StatusEndpoint
	taken := func(r Route) bool { return r.Path == p }
	if p == "" || p == "/" || slices.ContainsFunc(routes, taken) {
		return routes
	}
	return append(routes, Route{Path: p, Methods: []string{http.MethodGet}, Name: "status", serve: s.status})
}

func (s *Server) node(r *http.Request) (n seedapi.NodeStatus, status int, code, message string) {
	n = s.Node.NodeStatus(r.Context())
	n.StartedAt = stamp(n.StartedAt)
	n.Problem = hideSecrets(n.Problem)
	if n.Healthy {
		return n, http.StatusOK, "OK", "Application node is healthy"
	}
	message = "Application node is unhealthy"
	if n.Problem != "" {
		message += ": " + n.Problem
	}
	return n, http.StatusInternalServerError, "ERROR", message
}

// me says who asks, and whether the service would let them change anything.
func (s *Server) me(r *http.Request) (any, error) {
	who := infoOf(r).who
	m := seedapi.Me{User: who.name, MayChange: who.mayChange && !s.ReadOnly}
	switch {
	case s.ReadOnly:
		m.Why = "The service is read-only."
	case !who.mayChange:
		m.Why = "This user may read, but not change anything."
	}
	return m, nil
}

func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	n, status, code, message := s.node(r)
	writeJSON(w, r, status, agentapi.APIResponse{Code: code, Message: message, Details: n})
}

func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	n, status, code, message := s.node(r)
	writeJSON(w, r, status, nodeAnswer{Code: code, Message: message, NodeStatus: n})
}

// lbCheck says only whether requests may be sent here.
func (s *Server) lbCheck(w http.ResponseWriter, r *http.Request) {
	if n := s.Node.NodeStatus(r.Context()); !n.Healthy {
		writeJSON(w, r, http.StatusInternalServerError, "BAD")
		return
	}
	writeJSON(w, r, http.StatusOK, "OK")
}

func (s *Server) leaderCheck(w http.ResponseWriter, r *http.Request) {
	if n := s.Node.NodeStatus(r.Context()); n.IsLeader && n.Healthy {
		writeJSON(w, r, http.StatusOK, "OK")
		return
	}
	code, err := strconv.Atoi(r.PathValue("errorStatusCode"))
	if err != nil || code < 200 || code > 599 {
		code = http.StatusNotFound
	}
	writeJSON(w, r, code, "Not leader")
}
