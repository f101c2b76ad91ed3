package http

import (
	"fmt"
	"net"
	"net/http"
	"strconv"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

func (s *Server) agentRoutes() []Route {
	return []Route{
		read("agents", s.agents),
		read("agents-hosts", s.agentsHosts),
		read("agents-statuses", func(r *http.Request) (any, error) {
			return withPrefix(agent.HostStatuses, r.URL.Query().Get("status")), nil
		}),
		read("clusters-aliases", s.clustersAliases),
		read("agent/{host}", s.agent),
		read("agent-data/{host}", s.agentData),
		change("agent-update/{host}", s.agentUpdate),
	}
}

func (s *Server) agents(r *http.Request) (any, error) {
	q := r.URL.Query()
	f := agent.HostFilter{Hostname: q.Get("hostname"), ClusterAlias: q.Get("clusteralias")}
	if text := q.Get("status"); text != "" {
		st := agent.HostStatus(text)
		if st != agent.HostActive && st != agent.HostInactive {
			return nil, badInput(fmt.Sprintf("%q is not a status of agents; known are %v.", short(text), agent.HostStatuses))
		}
		f.Status = st
	}
	n, paged, err := page(r)
	if err != nil {
		return nil, err
	}
	if paged {
		f.Limit, f.Offset = perPage, n*perPage
	}
	hosts, err := s.Data.Hosts(r.Context(), f)
	if err != nil {
		return nil, fmt.Errorf("read agents: %w", err)
	}
	return views(hosts, viewHost), nil
}

func (s *Server) agentsHosts(r *http.Request) (any, error) {
	names, err := s.Data.HostNames(r.Context(), r.URL.Query().Get("hostname"))
	if err != nil {
		return nil, fmt.Errorf("read the names of hosts: %w", err)
	}
	return views(names, same), nil
}

func (s *Server) clustersAliases(r *http.Request) (any, error) {
	names, err := s.Data.ClusterAliases(r.Context(), r.URL.Query().Get("clusteralias"))
	if err != nil {
		return nil, fmt.Errorf("read the names of clusters: %w", err)
	}
	return views(names, same), nil
}

func same(s string) string { return s }

func (s *Server) agent(r *http.Request) (any, error) {
	h, err := s.known(r)
	if err != nil {
		return nil, err
	}
	return viewHost(h), nil
}

func (s *Server) agentData(r *http.Request) (any, error) {
	h, err := s.known(r)
	if err != nil {
		return nil, err
	}
	return h.Data, nil // null before the agent said anything
}

func (s *Server) agentUpdate(r *http.Request) (any, error) {
	name, err := host(r, "host")
	if err != nil {
		return nil, err
	}
	h, err := s.Registry.Update(r.Context(), name)
	if err != nil {
		return nil, err
	}
	return viewHost(h), nil
}

// known is the agent that the path names.
func (s *Server) known(r *http.Request) (*agent.Host, error) {
	name, err := host(r, "host")
	if err != nil {
		return nil, err
	}
	h, err := s.Data.Host(r.Context(), name)
	if err != nil {
		return nil, missing(err, fmt.Sprintf("There is no agent on %s.", name))
	}
	return h, nil
}

func address(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// instance is how a host's MySQL is named.
func instance(i agentapi.Info) string { return address(i.Hostname, i.MySQLPort) }
