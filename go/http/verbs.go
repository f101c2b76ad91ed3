package http

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

func (s *Server) verbRoutes() []Route {
	return []Route{
		change("agent-mysql-start/{host}", s.verb("agent-mysql-start", s.Agents.MySQLStart)),
		change("agent-mysql-stop/{host}", s.verb("agent-mysql-stop", s.Agents.MySQLStop)),
		read("agent-mysql-error-log/{host}", s.mysqlErrorLog),
		change("agent-mount/{host}", s.lvVerb("agent-mount", s.Agents.MountLV)),
		change("agent-umount/{host}", s.verb("agent-umount", s.Agents.Unmount)),
		change("agent-create-snapshot/{host}", s.verb("agent-create-snapshot", s.Agents.CreateSnapshot)),
		change("agent-removelv/{host}", s.lvVerb("agent-removelv", s.Agents.RemoveLV)),
		change("agent-custom-command/{host}/{command}", s.customCommand),
	}
}

// verb passes one call on to the agent and answers with the agent as it is afterwards.
func (s *Server) verb(name string, call func(context.Context, *agent.Host) error) answerer {
	return func(r *http.Request) (any, error) {
		return s.tell(r, name, "", call)
	}
}

func (s *Server) lvVerb(name string, call func(context.Context, *agent.Host, string) error) answerer {
	return func(r *http.Request) (any, error) {
		lv := r.URL.Query().Get("lv")
		if lv == "" || len(lv) > 4096 || strings.ContainsAny(lv, "\x00\r\n") {
			return nil, badInput("lv is missing; it has to name a logical volume.")
		}
		return s.tell(r, name, lv, func(ctx context.Context, h *agent.Host) error { return call(ctx, h, lv) })
	}
}

// tell audits the intent, calls the agent and reads its facts anew.
func (s *Server) tell(r *http.Request, name, detail string, call func(context.Context, *agent.Host) error) (any, error) {
	h, err := s.known(r)
	if err != nil {
		return nil, err
	}
	if err := s.audit(r, name, h, detail); err != nil {
		return nil, err
	}
	if err := call(r.Context(), h); err != nil {
		return nil, err
	}
	if now, err := s.Registry.Update(r.Context(), h.Info.Hostname); err == nil {
		return viewHost(now), nil
	}
	// Done is done, even when the agent does not tell its facts now.
	return s.agent(r)
}

func (s *Server) mysqlErrorLog(r *http.Request) (any, error) {
	h, err := s.known(r)
	if err != nil {
		return nil, err
	}
	return s.Agents.MySQLErrorLog(r.Context(), h)
}

func (s *Server) customCommand(r *http.Request) (any, error) {
	command := r.PathValue("command")
	if command == "" || len(command) > maxWord || strings.ContainsAny(command, "\x00\r\n") {
		return nil, badInput("The name of a command is needed.")
	}
	h, err := s.known(r)
	if err != nil {
		return nil, err
	}
	if err := s.audit(r, "agent-custom-command", h, command); err != nil {
		return nil, err
	}
	return s.Agents.CustomCommand(r.Context(), h, command)
}

func (s *Server) audit(r *http.Request, kind string, h *agent.Host, message string) error {
	err := s.Data.Audit(r.Context(), agent.AuditEntry{
		At: s.Now(), Type: kind, Host: h.Info.Hostname, Port: h.Info.MySQLPort, Message: message, User: user(r),
	})
	if err != nil {
		return fmt.Errorf("write the audit: %w", err)
	}
	return nil
}
