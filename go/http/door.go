package http

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// doorRoutes is what agents, and programs on their hosts, call.
func (s *Server) doorRoutes() []Route {
	register := read("register-agent", s.registerAgent)
	register.Methods = []string{http.MethodPost}
	register.Detached = true // the call-back takes longer than a v2 agent waits for the answer
	reported := read("seed-stage-state", s.stageReported)
	reported.Methods = []string{http.MethodPost}
	instances := read("agents-instances", nil)
	instances.serve = s.agentsInstances
	return []Route{
		register,
		read("agent-ping", func(*http.Request) (any, error) { return "OK", nil }),
		instances,
		read("host-attribute/{host}/{name}/{value}", s.setHostAttribute),
		read("host-attribute/attr/{attr}", s.hostAttributes),
		reported,
	}
}

func (s *Server) registerAgent(r *http.Request) (any, error) {
	var info agentapi.Info
	if err := body(r, &info); err != nil {
		return nil, err
	}
	switch {
	case !validHost(info.Hostname):
		return nil, badInput("Hostname is missing or not the name of a host.")
	case info.Port < 1 || info.Port > 65535:
		return nil, badInput(fmt.Sprintf("Port is %d; it has to be from 1 to 65535.", info.Port))
	case info.MySQLPort < 0 || info.MySQLPort > 65535:
		return nil, badInput(fmt.Sprintf("MySQLPort is %d; it has to be at most 65535.", info.MySQLPort))
	case info.Token == "" || len(info.Token) > maxWord || strings.ContainsAny(info.Token, "\x00\r\n"):
		return nil, badInput("Token is missing or too long.")
	}
	if err := s.Registry.Register(r.Context(), info); err != nil {
		return nil, err
	}
	return info.Hostname, nil
}

func (s *Server) agentsInstances(w http.ResponseWriter, r *http.Request) {
	hosts, err := s.Data.Hosts(r.Context(), agent.HostFilter{})
	if err != nil {
		writeError(w, r, fmt.Errorf("read agents: %w", err))
		return
	}
	names := views(hosts, func(h *agent.Host) string { return instance(h.Info) })
	if r.URL.Query().Get("format") == "txt" {
		writeText(w, r, http.StatusOK, strings.Join(names, "\n"))
		return
	}
	writeJSON(w, r, http.StatusOK, names)
}

func (s *Server) setHostAttribute(r *http.Request) (any, error) {
	if foreign(r) {
		return nil, forbidden("A page of another site may not change anything here.", "")
	}
	name, err := host(r, "host")
	if err != nil {
		return nil, err
	}
	if err := s.Data.SetHostAttribute(r.Context(), name, r.PathValue("name"), r.PathValue("value")); err != nil {
		return nil, fmt.Errorf("store the attribute: %w", err)
	}
	return true, nil
}

// hostAttribute is orchestrator's JSON of one.
type hostAttribute struct {
	Hostname        string
	AttributeName   string
	AttributeValue  string
	SubmitTimestamp string
	ExpireTimestamp string // always empty: attributes do not expire
}

func (s *Server) hostAttributes(r *http.Request) (any, error) {
	list, err := s.Data.HostAttributes(r.Context(), r.PathValue("attr"), r.URL.Query().Get("valueMatch"))
	if err != nil {
		return nil, fmt.Errorf("read attributes: %w", err)
	}
	return views(list, func(a agent.HostAttribute) hostAttribute {
		return hostAttribute{
			Hostname: a.Host, AttributeName: a.Name, AttributeValue: a.Value,
			SubmitTimestamp: stamp(a.SubmittedAt).Format("2006-01-02 15:04:05"),
		}
	}), nil
}

// stageReported takes the call-back of one of our agents. An unknown agent and a wrong token get one and the same answer.
func (s *Server) stageReported(r *http.Request) (any, error) {
	caller, token := r.Header.Get(agentapi.HeaderAgentHost), r.Header.Get(agentapi.HeaderToken)
	refused := unauthorized("The agent's name and token are not known here.")
	if caller == "" || token == "" {
		return nil, refused
	}
	err := s.Registry.Authenticate(r.Context(), caller, token)
	if errors.Is(err, agent.ErrNotFound) || errors.Is(err, agent.ErrRefused) {
		return nil, refused
	}
	if err != nil {
		return nil, fmt.Errorf("look up the agent: %w", err)
	}
	var st agentapi.SeedStageState
	if err := body(r, &st); err != nil {
		return nil, err
	}
	if st.Hostname != caller {
		return nil, forbidden("An agent reports for its own host only.", "")
	}
	if _, err := agentapi.ParseStage(string(st.Stage)); err != nil {
		return nil, badInput(fmt.Sprintf("%q is not a stage; known are %v.", short(string(st.Stage)), agentapi.Stages))
	}
	if _, err := seedStatus(string(st.Status)); err != nil || st.Status == "" {
		return nil, badInput(fmt.Sprintf("%q is not a status; known are %v.", short(string(st.Status)), agentapi.Statuses))
	}
	if err := s.Engine.AgentReported(r.Context(), caller, st); err != nil {
		return nil, missing(err, fmt.Sprintf("There is no seed %d.", st.SeedID))
	}
	return "OK", nil
}
