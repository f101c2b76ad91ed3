package server

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
)

// status is "OK", or 500 "BAD" when the service has not been reached for long.
func (s *Server) status(*http.Request) (any, error) {
	if s.o.Healthy() {
		return "OK", nil
	}
	return bad, nil
}

func (s *Server) info(*http.Request) (any, error) {
	info := s.o.Info
	info.Token = ""
	return info, nil
}

func (s *Server) data(r *http.Request) (any, error) { return s.o.Data(r.Context()), nil }

func (s *Server) mysqlStart(*http.Request) (any, error) { return true, s.o.Host.StartMySQL(s.life) }

func (s *Server) mysqlStop(*http.Request) (any, error) { return true, s.o.Host.StopMySQL(s.life) }

func (s *Server) errorLog(r *http.Request) (any, error) { return s.o.Host.ErrorLogTail(r.Context()) }

func (s *Server) mount(r *http.Request) (any, error) {
	m, err := s.o.Host.MountLV(s.life, r.URL.Query().Get("lv"))
	if errors.Is(err, host.ErrEmptyVolume) {
		return nil, &wordy{"Unable to mount logical volume: empty volumeName", err}
	}
	return m, err
}

func (s *Server) unmount(*http.Request) (any, error) { return s.o.Host.Unmount(s.life) }

func (s *Server) removeLV(r *http.Request) (any, error) {
	err := s.o.Host.RemoveLV(s.life, r.URL.Query().Get("lv"))
	if errors.Is(err, host.ErrEmptyVolume) {
		return nil, &wordy{"Unable to remove logical volume: empty volumeName", err}
	}
	return true, err
}

func (s *Server) createSnapshot(*http.Request) (any, error) {
	return true, s.o.Host.CreateSnapshot(s.life)
}

func (s *Server) custom(r *http.Request) (any, error) {
	name := r.PathValue("cmd")
	out, err := s.o.Host.CustomCommand(s.life, name)
	if errors.Is(err, host.ErrNoCommand) {
		return nil, &wordy{fmt.Sprintf("%s : Command not found", name), err}
	}
	if err != nil {
		return nil, err
	}
	return agentapi.APIResponse{Code: "OK", Message: out}, nil
}
