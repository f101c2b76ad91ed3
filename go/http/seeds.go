package http

import (
	"fmt"
	"net/http"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

func (s *Server) seedRoutes() []Route {
	return []Route{
		read("seeds", s.seeds),
		read("seeds-statuses", func(r *http.Request) (any, error) {
			return withPrefix(agentapi.Statuses, r.URL.Query().Get("status")), nil
		}),
		read("agent-active-seeds/{host}", func(r *http.Request) (any, error) {
			return s.seedsOfHost(r, agent.SeedFilter{ActiveOnly: true})
		}),
		read("agent-recent-seeds/{host}", func(r *http.Request) (any, error) {
			return s.seedsOfHost(r, agent.SeedFilter{Limit: recentSeeds})
		}),
		read("agents-failed-seeds", func(r *http.Request) (any, error) {
			return s.listSeeds(r, agent.SeedFilter{Status: agentapi.Failed})
		}),
		read("agent-seed-details/{seedId}", s.seedDetails),
		read("agent-seed-states/{seedId}", s.seedStates),
	}
}

func (s *Server) seeds(r *http.Request) (any, error) {
	q := r.URL.Query()
	status, err := seedStatus(q.Get("status"))
	if err != nil {
		return nil, err
	}
	n, _, err := page(r)
	if err != nil {
		return nil, err
	}
	return s.listSeeds(r, agent.SeedFilter{
		Target: q.Get("targethostname"), Source: q.Get("sourcehostname"), Status: status, Limit: perPage, Offset: n * perPage,
	})
}

func (s *Server) seedsOfHost(r *http.Request, f agent.SeedFilter) (any, error) {
	name, err := host(r, "host")
	if err != nil {
		return nil, err
	}
	f.EitherHost = name
	return s.listSeeds(r, f)
}

func (s *Server) listSeeds(r *http.Request, f agent.SeedFilter) (any, error) {
	list, err := s.Data.Seeds(r.Context(), f)
	if err != nil {
		return nil, fmt.Errorf("read seeds: %w", err)
	}
	return views(list, s.Hub.view), nil
}

func (s *Server) seedDetails(r *http.Request) (any, error) {
	seed, err := s.seed(r)
	if err != nil {
		return nil, err
	}
	return s.Hub.view(seed), nil
}

func (s *Server) seedStates(r *http.Request) (any, error) {
	seed, err := s.seed(r)
	if err != nil {
		return nil, err
	}
	rows, err := s.Data.SeedStates(r.Context(), seed.ID)
	if err != nil {
		return nil, fmt.Errorf("read the states of seed %d: %w", seed.ID, err)
	}
	return views(rows, viewState), nil
}

// seed is the one that the path names.
func (s *Server) seed(r *http.Request) (*agent.Seed, error) {
	id, err := seedID(r)
	if err != nil {
		return nil, err
	}
	seed, err := s.Data.Seed(r.Context(), id)
	if err != nil {
		return nil, missing(err, fmt.Sprintf("There is no seed %d.", id))
	}
	return seed, nil
}
