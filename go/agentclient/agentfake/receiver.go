package agentfake

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// termsOf reads the terms of a start.
func termsOf(r *http.Request) (*agentapi.SeedTerms, bool) {
	text, err := base64.RawURLEncoding.DecodeString(r.Header.Get(agentapi.HeaderSeedTerms))
	if err != nil || len(text) == 0 {
		return nil, false
	}
	t := new(agentapi.SeedTerms)
	return t, json.Unmarshal(text, t) == nil
}

// receive opens the receiving end with Prepare on the target, and makes Backup there the wait for its end: without one it
// fails. It needs the lock.
func (a *Agent) receive(s *seed, stage agent.Stage, w *work) {
	if s.side != agentapi.Target || a.data.AvailiableSeedMethods[s.method].BackupSide != agentapi.Source {
		return
	}
	switch {
	case stage == agentapi.Prepare:
		s.receives = true
	case stage == agentapi.Backup && !s.receives:
		w.out = Outcome{Fail: "no receiving end was opened for this seed", Code: "no-receiver"}
	}
}

// Receives says whether the seed's receiving end is open on this host.
func (a *Agent) Receives(seedID int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.seeds[seedID]
	return s != nil && s.receives
}

// Limit is the bandwidth that the agent was told with a call of its own; -1 when it was not.
func (a *Agent) Limit(seedID int64) int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s := a.seeds[seedID]; s != nil && s.limit != nil {
		return *s.limit
	}
	return -1
}

// doBandwidth needs the lock.
func (a *Agent) doBandwidth(c Call) reply {
	if a.opts.V2 {
		return asText(http.StatusNotFound, "404 page not found\n")
	}
	s := a.seeds[c.SeedID]
	if s == nil {
		return refused("SeedID %d not found", c.SeedID)
	}
	if len(c.Args) != 2 {
		return asText(http.StatusNotFound, "404 page not found\n")
	}
	n, err := strconv.ParseInt(c.Args[1], 10, 64)
	if err != nil || n < 0 {
		return refused("%q is no number of bytes a second", c.Args[1])
	}
	s.limit = &n
	return okay("", nil)
}

func (r reply) headers() http.Header {
	h := http.Header{"Content-Type": {r.kind}}
	for name, values := range r.header {
		h[name] = values
	}
	return h
}
