package http

import (
	"math"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

// stamp is a time as callers get it: UTC, whole seconds (some parsers of theirs take no fractions); the zero time stays.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

func viewSeed(s *agent.Seed, now time.Time) seedapi.Seed {
	v := seedapi.Seed{
		SeedID:            s.ID,
		TargetHostname:    s.TargetHost,
		SourceHostname:    s.SourceHost,
		SeedMethod:        s.Method,
		BackupSide:        s.BackupSide,
		Status:            s.Status,
		Stage:             s.Stage,
		Retries:           s.Retries,
		StartTimestamp:    stamp(s.StartedAt),
		EndTimestamp:      stamp(s.EndedAt),
		UpdatedAt:         stamp(s.UpdatedAt),
		Attempt:           s.Attempt,
		StageStarted:      stamp(s.Engine.StageStartedAt),
		NotBefore:         stamp(s.NotBefore),
		Progress:          viewProgress(s),
		Hosts:             make([]seedapi.SeedHost, 0, len(agentapi.Sides)),
		ErrorCode:         s.Problem.Code,
		ErrorText:         hideSecrets(s.Problem.Text),
		Hint:              hideSecrets(s.Problem.Hint),
		ReplicaLagSeconds: -1,
		OldData:           s.Engine.OldData,
		OldDataAt:         s.Engine.OldDataAt,
		OldDataText:       s.OldDataText(),
		Bandwidth:         -1,
		Estimate:          viewEstimate(s, now),
	}
	if s.Engine.Bandwidth != nil {
		v.Bandwidth = *s.Engine.Bandwidth
	}
	for _, side := range agentapi.Sides {
		v.Hosts = append(v.Hosts, viewSide(s, side))
		if h := s.Engine.Hosts[side]; s.Status == agentapi.Failed && h != nil && h.Release == agent.ReleaseHeld {
			v.Held, v.HeldUntil = true, stamp(s.Engine.HeldUntil)
		}
	}
	if s.Stage == agentapi.ConnectSlave || s.Stage == agentapi.Cleanup {
		v.ReplicaLagSeconds = s.Engine.Lag
	}
	return v
}

func viewProgress(s *agent.Seed) seedapi.Progress {
	p := s.Engine.Progress
	v := seedapi.Progress{
		Bytes: p.Bytes, Total: p.Total, BytesPerSecond: p.Rate, ETASeconds: -1, What: p.What, Unit: p.Unit, MovedAt: stamp(p.MovedAt),
	}
	if s.Status != agentapi.Running { // nothing moves
		v.BytesPerSecond = 0
	}
	begun := p.Bytes >= p.Total/100 || p.SeenAt.Sub(s.Engine.StageStartedAt) > time.Minute // before, the rate says nothing
	if v.BytesPerSecond > 0 && p.Total > 0 && p.Bytes <= p.Total && begun {
		v.ETASeconds = (p.Total - p.Bytes + v.BytesPerSecond - 1) / v.BytesPerSecond
	}
	return v
}

func viewEstimate(s *agent.Seed, now time.Time) *seedapi.Estimate {
	e, known := s.Left(now)
	if !known {
		return nil
	}
	whole := func(seconds float64) int64 { return int64(math.Round(seconds)) }
	v := &seedapi.Estimate{SecondsLeft: whole(e.Seconds), Low: whole(e.Low), High: whole(e.High), Sure: string(e.Sure)}
	for _, p := range e.Parts {
		v.Parts = append(v.Parts, seedapi.EstimatePart{
			Stage: p.Stage, Name: p.Name, Seconds: whole(p.Seconds), Low: whole(p.Low), High: whole(p.High), From: string(p.From),
		})
	}
	return v
}

func viewSide(s *agent.Seed, side agent.Side) seedapi.SeedHost {
	v := seedapi.SeedHost{Hostname: s.Host(side), Side: side}
	if h := s.Engine.Hosts[side]; h != nil {
		v.StageStatus = h.Stage
		v.Details = hideSecrets(h.Details)
		v.UnreachableSince = stamp(h.UnreachableSince)
		v.Release = string(h.Release)
		v.ReleaseError = hideSecrets(h.ReleaseError)
	}
	return v
}

func viewState(r agent.StageState) seedapi.SeedStageState {
	return seedapi.SeedStageState{
		SeedStageID: r.ID, SeedID: r.SeedID, Stage: r.Stage, Hostname: r.Host, Timestamp: stamp(r.At), Status: r.Status,
		Details: hideSecrets(r.Details), Attempt: r.Attempt, Repeats: max(r.Repeats, 1),
	}
}

// viewHost never holds the token.
func viewHost(h *agent.Host) seedapi.Agent {
	info := h.Info
	info.Token = ""
	return seedapi.Agent{
		Info: info, Data: h.Data, LastSeen: stamp(h.LastSeen), Status: string(h.Status), ClusterAlias: h.ClusterAlias,
		MySQLVersion: h.MySQLVersion, LastError: hideSecrets(h.LastError),
	}
}

func viewCheck(c agent.Check) seedapi.Check {
	return seedapi.Check{Name: c.Name, Result: string(c.Result), Found: c.Found, Needed: c.Needed, Hint: c.Hint}
}

func viewAudit(r agent.AuditRow) seedapi.AuditEntry {
	key := r.Host
	if r.Port > 0 && r.Host != "" {
		key = address(r.Host, r.Port)
	}
	return seedapi.AuditEntry{
		AuditID: r.ID, AuditTimestamp: stamp(r.At), AuditType: r.Type, AuditInstanceKey: key, Message: r.Message, User: r.User,
	}
}

// views maps a list; the answer is never null.
func views[T, V any](list []T, view func(T) V) []V {
	out := make([]V, 0, len(list))
	for _, x := range list {
		out = append(out, view(x))
	}
	return out
}
