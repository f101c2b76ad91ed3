package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// startTime bounds a request for a seed, its checks included: a node that was paused in one makes no seed when it wakes up.
const startTime = 3 * time.Minute

// Check runs the checks before a seed; it changes nothing.
func (e *Engine) Check(ctx context.Context, method Method, target, source string) ([]Check, error) {
	return e.checks.Run(ctx, method, target, source)
}

// StartSeed makes a seed if every check passes; the node that leads has its first stage started. The checks and the insert
// are one critical section in this process, and the store repeats what must hold between nodes in the insert's own
// transaction. The error is an *OpError: Is ErrBadInput, ErrNotFound, or ErrRefused with the failed checks in its text.
func (e *Engine) StartSeed(ctx context.Context, method Method, target, source, user string) (*Seed, error) {
	if _, err := agentapi.ParseMethod(string(method)); err != nil {
		return nil, &OpError{Code: "bad-input", Op: "start a seed", Err: fmt.Errorf("%w: %w", ErrBadInput, err)}
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	// In one order for all, and each once: two starts that share hosts can't wait for each other.
	for _, host := range slices.Compact(slices.Sorted(slices.Values([]string{target, source}))) {
		var unlock func()
		ctx, unlock = e.starts.lock(ctx, host)
		defer unlock()
	}
	checks, err := e.checks.Run(ctx, method, target, source)
	if err != nil {
		return nil, err
	}
	if err := refusal(method, target, source, checks); err != nil {
		return nil, err
	}
	hosts, err := e.pair(ctx, target, source)
	if err != nil {
		return nil, err
	}
	if err := e.releaseHeld(ctx, target, source, user); err != nil {
		return nil, err
	}
	return e.create(ctx, method, hosts, user, checks)
}

// refusal turns failed checks into one error; nil when none failed.
func refusal(method Method, target, source string, checks []Check) error {
	var texts, hints []string
	for _, c := range checks {
		if c.Result != Fail {
			continue
		}
		texts = append(texts, fmt.Sprintf("check %s failed: found %s; needed %s", c.Name, c.Found, c.Needed))
		if c.Hint != "" {
			hints = append(hints, c.Hint)
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return &OpError{
		Code: CodeCheckFailed, Op: fmt.Sprintf("start a %s seed of %s from %s", method, target, source), Text: strings.Join(texts, "; "),
		Hint: strings.Join(hints, " "), Permanent: true, Err: ErrRefused,
	}
}

func (e *Engine) pair(ctx context.Context, target, source string) (hosts, error) {
	pair := hosts{}
	for _, side := range agentapi.Sides {
		name := target
		if side == agentapi.Source {
			name = source
		}
		h, err := e.store.Host(ctx, name)
		if err != nil {
			return nil, &OpError{Code: "unknown-agent", Op: "start a seed", Host: name, Hint: "start orchestrator-agent there", Err: err}
		}
		pair[side] = h
	}
	return pair, nil
}

// releaseHeld lets go of held seeds on the two hosts, because the new one would find their files in its way.
func (e *Engine) releaseHeld(ctx context.Context, target, source, user string) error {
	seeds, err := e.store.WorkSeeds(ctx)
	if err != nil {
		return err
	}
	for _, s := range seeds {
		if !s.Releasing() || !concerns(s, target) && !concerns(s, source) {
			continue
		}
		if err := e.ReleaseSeed(ctx, s.ID, user); err != nil {
			return err
		}
	}
	return nil
}

func concerns(s *Seed, host string) bool { return s.TargetHost == host || s.SourceHost == host }

func (e *Engine) create(ctx context.Context, method Method, pair hosts, user string, checks []Check) (*Seed, error) {
	target, source := pair[agentapi.Target], pair[agentapi.Source]
	now := e.clock.Now()
	s := &Seed{
		TargetHost: target.Info.Hostname, SourceHost: source.Info.Hostname, Method: method, BackupSide: backupSide(method, target),
		Stage: agentapi.Prepare, Status: agentapi.Scheduled, StartedAt: now, UpdatedAt: now, Attempt: 1,
		Engine: EngineState{
			StageStartedAt: now, Lag: -1, LagFirst: -1, Progress: Progress{MovedAt: now, SeenAt: now}, PrepareAttempt: 1,
			Hosts: map[Side]*HostState{agentapi.Target: {}, agentapi.Source: {}},
		},
	}
	e.streamed(s, target, source)
	s.Engine.Learned = e.learned(ctx, s)
	by := user
	if by == "" {
		by = "a caller without a name"
	}
	rows := []StageState{{Stage: s.Stage, Host: s.TargetHost, At: now, Status: agentapi.Scheduled, Attempt: 1, Repeats: 1,
		Details: fmt.Sprintf("%s of %s from %s asked for by %s", method, s.TargetHost, s.SourceHost, by)}}
	for _, c := range checks {
		if c.Result == Warn {
			rows = append(rows, StageState{Stage: s.Stage, Host: s.TargetHost, At: now, Status: agentapi.Scheduled, Attempt: 1, Repeats: 1,
				Details: fmt.Sprintf("Warned by check %s: %s", c.Name, c.Found)})
		}
	}
	audit := AuditEntry{At: now, Type: "agent-seed", Host: s.TargetHost, Port: target.Info.MySQLPort, User: user,
		Message: fmt.Sprintf("%s seed of %s from %s", method, s.TargetHost, s.SourceHost)}
	created, err := e.store.CreateSeed(ctx, Fence{}, s, rows, audit, e.downtime(ctx, s.TargetHost), e.policy.MaxActive, e.policy.MaxPerSource)
	if err != nil {
		return nil, err
	}
	e.log.Info("seed made", "seed", created.ID, "method", method, "target", s.TargetHost, "source", s.SourceHost, "user", user)
	e.events.SeedChanged(created)
	for _, row := range rows {
		row.SeedID = created.ID
		e.events.StateAdded(row)
	}
	e.Wake(created.ID)
	return created, nil
}

// streamed notes what the seed's two agents make possible.
func (e *Engine) streamed(s *Seed, target, source *Host) {
	es := &s.Engine
	es.TargetReceives = s.BackupSide == agentapi.Source && streams(target)
	if streams(target) && streams(source) {
		es.StreamKey = newStreamKey()
	}
	if source.Data != nil {
		es.SourceBytes = source.Data.MySQLDatadirDiskUsed
	}
}

// backupSide is where the agent says that the method's backup runs, or else what the method is known for.
func backupSide(method Method, target *Host) Side {
	if target.Data != nil {
		if side := target.Data.AvailiableSeedMethods[method].BackupSide; side != "" {
			return side
		}
	}
	switch method {
	case agentapi.Xtrabackup, agentapi.LVM:
		return agentapi.Source
	}
	return agentapi.Target
}

// asOp gives an error of the store the shape of an operator's.
func asOp(op string, id int64, err error) error {
	if _, ok := errors.AsType[*OpError](err); ok || err == nil {
		return err
	}
	if errors.Is(err, ErrNotFound) {
		err = ErrNotFound
	}
	return &OpError{Code: "seed", Op: fmt.Sprintf("%s seed %d", op, id), Err: err}
}
