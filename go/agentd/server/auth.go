package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

var errToken = errors.New("Invalid token") //lint:ignore ST1005 the words of the wire

// token lets a handler be called with the agent's token only: in the query, in X-Agent-Token, or in the configured header.
func (s *Server) token(f handler) http.Handler {
	return s.wrap(func(r *http.Request) (any, error) {
		if !s.hasToken(r) {
			return nil, errToken
		}
		return f(r)
	})
}

func (s *Server) hasToken(r *http.Request) bool {
	given := []string{r.URL.Query().Get("token"), r.Header.Get(agentapi.HeaderToken)}
	if s.o.TokenHeader != "" {
		given = append(given, r.Header.Get(s.o.TokenHeader))
	}
	ok := false
	for _, g := range given {
		ok = same(g, s.o.Token) || ok
	}
	return ok && s.o.Token != ""
}

// same compares in a time that says nothing of either.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// basic asks for user and password where no token is needed, if they are configured.
func (s *Server) basic(f handler) http.Handler {
	next := s.wrap(f)
	if s.o.BasicUser == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if ok := same(user, s.o.BasicUser); (!same(password, s.o.BasicPassword) || !ok) && !s.hasToken(r) {
			w.Header().Set("WWW-Authenticate", `Basic realm="orchestrator-agent"`)
			http.Error(w, "Not authorized", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// organisation asks for a certificate of one of the configured units, when there are any and TLS asked for certificates.
func (s *Server) organisation(next http.Handler) http.Handler {
	if len(s.o.ValidOUs) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		isStatus := r.URL.Path == s.o.StatusEndpoint || r.URL.Path == "/api/status"
		if (!isStatus || s.o.StatusOUVerify) && !s.validUnit(r) {
			http.Error(w, "Invalid OU", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) validUnit(r *http.Request) bool {
	if r.TLS == nil {
		return true // not asked for without mutual TLS
	}
	for _, chain := range r.TLS.VerifiedChains {
		if len(chain) > 0 && slices.ContainsFunc(chain[0].Subject.OrganizationalUnit, func(u string) bool { return slices.Contains(s.o.ValidOUs, u) }) {
			return true
		}
	}
	return false
}
