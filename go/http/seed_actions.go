package http

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

func (s *Server) seedActionRoutes() []Route {
	return []Route{
		change("agent-seed/{seedMethod}/{targetHost}/{sourceHost}", s.startSeed),
		read("agent-seed-check/{seedMethod}/{targetHost}/{sourceHost}", s.checkSeed),
		change("agent-abort-seed/{seedId}", s.abortSeed),
		change("agent-retry-seed/{seedId}", s.act(s.Engine.Retry)),
		change("agent-release-seed/{seedId}", s.act(s.Engine.ReleaseSeed)),
		change("agent-seed-bandwidth/{seedId}/{bytesPerSecond}", s.setBandwidth),
		change("process-seeds", s.processSeeds),
	}
}

func (s *Server) startSeed(r *http.Request) (any, error) {
	method, target, source, err := seedParts(r)
	if err != nil {
		return nil, err
	}
	seed, err := s.Engine.StartSeed(r.Context(), method, target, source, user(r))
	if err != nil {
		return nil, err
	}
	return seed.ID, nil
}

func (s *Server) checkSeed(r *http.Request) (any, error) {
	method, target, source, err := seedParts(r)
	if err != nil {
		return nil, err
	}
	checks, err := s.Engine.Check(r.Context(), method, target, source)
	if err != nil {
		return nil, err
	}
	return views(checks, viewCheck), nil
}

func seedParts(r *http.Request) (method agent.Method, target, source string, err error) {
	if method, err = seedMethod(r); err != nil {
		return
	}
	if target, err = host(r, "targetHost"); err != nil {
		return
	}
	source, err = host(r, "sourceHost")
	return
}

func (s *Server) abortSeed(r *http.Request) (any, error) {
	id, err := seedID(r)
	if err != nil {
		return nil, err
	}
	force, err := boolean(r, "force")
	if err != nil {
		return nil, err
	}
	if err := s.Engine.Abort(r.Context(), id, force, user(r)); err != nil {
		return nil, missing(err, fmt.Sprintf("There is no seed %d.", id))
	}
	return true, nil
}

func (s *Server) setBandwidth(r *http.Request) (any, error) {
	id, err := seedID(r)
	if err != nil {
		return nil, err
	}
	text := r.PathValue("bytesPerSecond")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return nil, badInput(fmt.Sprintf("%q is not a number of bytes a second; 0 is no bound.", short(text)))
	}
	if err := s.Engine.SetBandwidth(r.Context(), id, n, user(r)); err != nil {
		return nil, missing(err, fmt.Sprintf("There is no seed %d.", id))
	}
	return true, nil
}

func (s *Server) act(do func(ctx context.Context, id int64, user string) error) answerer {
	return func(r *http.Request) (any, error) {
		id, err := seedID(r)
		if err != nil {
			return nil, err
		}
		if err := do(r.Context(), id, user(r)); err != nil {
			return nil, missing(err, fmt.Sprintf("There is no seed %d.", id))
		}
		return true, nil
	}
}

func (s *Server) processSeeds(r *http.Request) (any, error) {
	stepped, err := s.Engine.ProcessSeeds(r.Context())
	if err != nil {
		return nil, err
	}
	return views(stepped, s.Hub.view), nil
}
