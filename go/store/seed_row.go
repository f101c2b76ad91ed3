package store

import (
	"encoding/json"
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// scanner is *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

func scanSeed(row scanner) (*agent.Seed, error) {
	var s agent.Seed
	err := row.Scan(&s.ID, &s.TargetHost, &s.SourceHost, &s.Method, &s.BackupSide, &s.Stage, &s.Status, &s.Retries,
		timeInto{&s.StartedAt}, timeInto{&s.EndedAt}, timeInto{&s.UpdatedAt}, &s.Version, &s.Attempt,
		timeInto{&s.NotBefore}, &s.Outcome,
		&s.Problem.Code, &s.Problem.Text, &s.Problem.Hint, &s.Problem.Permanent, jsonInto{&s.Engine})
	if err != nil {
		return nil, err
	}
	return &s, nil
}

// encodeSeed returns the seed as it will be read back, and the arguments of insertSeed and updateSeed.
func encodeSeed(in agent.Seed) (*agent.Seed, []any, error) {
	if err := knownWords(&in); err != nil {
		return nil, nil, err
	}
	engine, err := toJSON(in.Engine)
	if err != nil {
		return nil, nil, fmt.Errorf("encode the engine's state: %w", err)
	}
	s := in
	s.Engine = agent.EngineState{} // shares nothing with the caller's
	if err := json.Unmarshal([]byte(engine), &s.Engine); err != nil {
		return nil, nil, fmt.Errorf("encode the engine's state: %w", err)
	}
	s.StartedAt, s.EndedAt, s.UpdatedAt = stored(s.StartedAt), stored(s.EndedAt), stored(s.UpdatedAt)
	s.NotBefore = stored(s.NotBefore)
	s.Problem.Text, s.Problem.Hint = text(s.Problem.Text), text(s.Problem.Hint)
	args := []any{s.TargetHost, s.SourceHost, s.Method, s.BackupSide, s.Stage, s.Status, s.Retries,
		dbTime(s.StartedAt), dbTime(s.EndedAt), dbTime(s.UpdatedAt), s.Version, s.Attempt, dbTime(s.NotBefore), s.Outcome,
		s.Problem.Code, s.Problem.Text, s.Problem.Hint, flag(s.Problem.Permanent), engine,
		flag(s.Active() || s.Releasing())}
	return &s, args, nil
}

// knownWords refuses words that could not be read back.
func knownWords(s *agent.Seed) error {
	if _, err := agentapi.ParseMethod(string(s.Method)); err != nil {
		return err
	}
	if _, err := agentapi.ParseSide(string(s.BackupSide)); err != nil {
		return err
	}
	if _, err := agentapi.ParseStage(string(s.Stage)); err != nil {
		return err
	}
	_, err := agentapi.ParseStatus(string(s.Status))
	return err
}
