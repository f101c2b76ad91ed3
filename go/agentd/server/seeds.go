package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/runner"
)

// How long a caller is kept waiting for an end; the work of ending goes on after that.
const (
	abortWait   = 25 * time.Second
	releaseWait = 50 * time.Second
)

func (s *Server) start(stage agentapi.Stage) handler {
	return func(r *http.Request) (any, error) {
		q, err := startRequest(r, stage)
		if err != nil {
			return nil, err
		}
		if stage == agentapi.Prepare && s.o.Disabled[q.Method] {
			return nil, &wordy{"Seed method unavailiable on agent", runner.ErrUnavailable}
		}
		if stage == agentapi.Prepare {
			s.probe.close() // the receiving end needs the port
		}
		already, err := s.o.Runner.Start(q)
		switch {
		case errors.Is(err, runner.ErrUnknownSeed):
			return nil, &wordy{fmt.Sprintf("Unable to start %s stage. SeedID not found", strings.ToLower(string(stage))), err}
		case errors.Is(err, runner.ErrUnavailable):
			return nil, &wordy{"Seed method unavailiable on agent", err}
		case err != nil:
			return nil, err
		case already:
			return plain{status: http.StatusAccepted, text: string(stage) + " stage already started for seedStarted"}, nil
		}
		return plain{status: http.StatusAccepted, text: "Started"}, nil
	}
}

func startRequest(r *http.Request, stage agentapi.Stage) (runner.StartRequest, error) {
	q := runner.StartRequest{Stage: stage, PeerHost: r.PathValue("seedHost")}
	var err error
	if q.SeedID, err = seedID(r); err != nil {
		return q, err
	}
	if q.Method, err = methodOf(r); err != nil {
		return q, err
	}
	if name := r.PathValue("seedSide"); name != "" {
		if q.Side, err = agentapi.ParseSide(name); err != nil {
			return q, &wordy{"Seed side undefinded", err}
		}
	}
	if port := r.PathValue("mysqlPort"); port != "" {
		if q.SourceMySQLPort, err = strconv.Atoi(port); err != nil {
			return q, err
		}
		if q.SourceMySQLPort < 1 || q.SourceMySQLPort > 65535 {
			return q, fmt.Errorf("MySQL port %s is not from 1 to 65535", port)
		}
	}
	if stage == agentapi.Prepare || stage == agentapi.Backup {
		if q.Terms, err = seedTerms(r); err != nil {
			return q, err
		}
	}
	q.Attempt, err = attempt(r)
	return q, err
}

func seedID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("seedID"), 10, 64)
	if err == nil && id <= 0 {
		err = fmt.Errorf("SeedID %d not found", id)
	}
	return id, err
}

func methodOf(r *http.Request) (agentapi.Method, error) {
	m, err := agentapi.ParseMethod(r.PathValue("seedMethod"))
	if err != nil {
		return "", &wordy{"Seed method undefinded", err}
	}
	return m, nil
}

func stageOf(r *http.Request) (agentapi.Stage, error) {
	st, err := agentapi.ParseStage(r.PathValue("seedStage"))
	if err != nil {
		return "", &wordy{"Seed stage undefinded", err}
	}
	return st, nil
}

func attempt(r *http.Request) (int64, error) {
	text := r.URL.Query().Get(agentapi.QueryAttempt)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && n <= 0 {
		err = fmt.Errorf("attempt %d is not above 0", n)
	}
	return n, err
}

// seedStage reads seed, stage and attempt of a request.
func seedStage(r *http.Request) (id int64, stage agentapi.Stage, n int64, err error) {
	if id, err = seedID(r); err == nil {
		if stage, err = stageOf(r); err == nil {
			n, err = attempt(r)
		}
	}
	return id, stage, n, err
}

func (s *Server) stageState(r *http.Request) (any, error) {
	id, stage, n, err := seedStage(r)
	if err != nil {
		return nil, err
	}
	state, err := s.o.Runner.State(id, stage, n)
	switch {
	case errors.Is(err, runner.ErrUnknownSeed):
		return nil, &wordy{fmt.Sprintf("SeedID %d not found", id), err}
	case errors.Is(err, runner.ErrUnknownStage):
		return nil, &wordy{fmt.Sprintf("SeedID %d on stage %s not found", id, stage), err}
	}
	return state, err
}

func (s *Server) metadata(r *http.Request) (any, error) {
	id, err := seedID(r)
	if err != nil {
		return nil, err
	}
	m, err := methodOf(r)
	if err != nil {
		return nil, err
	}
	meta, err := s.o.Runner.Metadata(r.Context(), id, m)
	if errors.Is(err, runner.ErrUnknownSeed) {
		return nil, &wordy{"Unable to get metadata for seed. SeedID not found", err}
	}
	return meta, err
}

func (s *Server) abort(r *http.Request) (any, error) {
	id, stage, n, err := seedStage(r)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), abortWait)
	defer cancel()
	err = s.o.Runner.Abort(ctx, id, stage, n)
	if errors.Is(err, runner.ErrUnknownSeed) {
		return nil, &wordy{"Unable to abort seed stage. SeedID not found", err}
	}
	return plain{status: http.StatusOK, text: "killed"}, err
}

func (s *Server) release(r *http.Request) (any, error) {
	id, err := seedID(r)
	if err != nil {
		return nil, err
	}
	n, err := attempt(r)
	if err != nil {
		return nil, err
	}
	if n != 0 {
		s.o.Runner.Fence(id, n)
	}
	ctx, cancel := context.WithTimeout(r.Context(), releaseWait)
	defer cancel()
	if err := s.o.Runner.Release(ctx, id); err != nil {
		return nil, err
	}
	answer := plain{status: http.StatusOK, text: "released"}
	if old, _ := s.o.Runner.OldData(id); old != "" {
		answer.header = http.Header{agentapi.HeaderOldData: {string(old)}}
	}
	return answer, nil
}

func (s *Server) postSeed(r *http.Request) (any, error) {
	id, err := seedID(r)
	if err != nil {
		return nil, err
	}
	args := s.o.Host.PostSeedVector()
	out, err := s.o.Runner.PostSeed(r.Context(), id, args)
	if errors.Is(err, runner.ErrUnknownSeed) {
		return nil, &wordy{"Unable to execute post seed command. SeedID not found", err}
	}
	if err != nil || args == nil {
		return true, err
	}
	return agentapi.APIResponse{Code: "OK", Message: out}, nil
}

func (s *Server) active(*http.Request) (any, error) { return s.o.Runner.Active(), nil }
