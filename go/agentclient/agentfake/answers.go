package agentfake

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

const (
	typeJSON = "application/json; charset=UTF-8"
	typeText = "text/plain; charset=UTF-8"
)

// reply is what goes back, with what is to go wrong on the way.
type reply struct {
	status int
	kind   string
	body   []byte
	header http.Header
	fault  Fault
}

type probes struct{ mysql, port agentapi.ProbeResult }

// answer takes a call, waits and does as scripted. ctx is the caller's.
func (a *Agent) answer(ctx context.Context, c Call) reply {
	a.mu.Lock()
	a.calls = append(a.calls, c)
	f := a.faultFor(c)
	a.mu.Unlock()
	if f.Wait > 0 {
		timer := time.NewTimer(f.Wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		case <-a.closed:
		}
	}
	r := reply{fault: f}
	if f.Do {
		a.mu.Lock()
		r = a.do(c)
		a.mu.Unlock()
		r.fault = f
	}
	if f.Hang {
		select {
		case <-ctx.Done():
		case <-a.closed:
		}
		r.fault.Reset = true
		return r
	}
	if f.Status != 0 {
		r.status, r.kind, r.body = f.Status, f.Type, f.Body
	}
	if r.status == 0 {
		r.status, r.kind = http.StatusOK, typeJSON
	}
	if f.Edit != nil {
		r.body = f.Edit(r.body)
	}
	return r
}

func asText(status int, text string) reply {
	return reply{status: status, kind: typeText, body: []byte(text)}
}
func asJSON(v any) reply { return reply{status: http.StatusOK, kind: typeJSON, body: toJSON(v)} }

func refused(format string, args ...any) reply {
	r := asJSON(agentapi.APIResponse{Code: "ERROR", Message: fmt.Sprintf(format, args...)})
	r.status = http.StatusInternalServerError
	return r
}

func okay(message string, details any) reply {
	return asJSON(agentapi.APIResponse{Code: "OK", Message: message, Details: details})
}

// do carries out a call; it needs the lock.
func (a *Agent) do(c Call) reply {
	if c.tokenWrong && c.Name != "get-agent-info" && c.Name != "status" {
		return refused("Invalid token")
	}
	if stage, isStart := startOf[c.Name]; isStart {
		return a.doStart(c, stage)
	}
	switch c.Name {
	case "get-agent-info":
		return asJSON(agentapi.Info{Hostname: a.opts.Hostname, Port: a.opts.Port, MySQLPort: a.opts.MySQLPort})
	case "get-agent-data":
		return asJSON(a.copyData())
	case "status":
		return asJSON("OK")
	case "seed-stage-state":
		return a.doState(c)
	case "abort-seed-stage":
		return a.doAbort(c)
	case "release-seed":
		return a.doRelease(c)
	case "bandwidth":
		return a.doBandwidth(c)
	case "get-metadata":
		if a.seeds[c.SeedID] == nil {
			return refused("Unable to get metadata for seed. SeedID not found")
		}
		return asJSON(a.meta)
	case "post-seed-cmd":
		if a.seeds[c.SeedID] == nil && a.opts.V2 {
			return refused("Unable to execute post seed command. SeedID not found")
		}
		return okay(a.posted, nil)
	}
	return a.doVerb(c)
}

func (a *Agent) doVerb(c Call) reply {
	switch c.Name {
	case "mysql-start", "mysql-stop":
		a.mysqlUp = c.Name == "mysql-start"
		return asJSON(true)
	case "mysql-error-log-tail":
		return asJSON("[Note] mariadbd: ready for connections.\n")
	case "mountlv", "umount":
		a.data.MountPoint.IsMounted = c.Name == "mountlv"
		return asJSON(a.data.MountPoint)
	case "removelv", "create-snapshot":
		return asJSON(true)
	case "custom-commands":
		for _, known := range a.data.AgentCommands {
			if len(c.Args) == 1 && c.Args[0] == known {
				return okay("hello1\n", nil)
			}
		}
		return refused("%s : Command not found", strings.Join(c.Args, "/"))
	}
	if a.opts.V2 {
		return asText(http.StatusNotFound, "404 page not found\n")
	}
	switch c.Name {
	case "probe-mysql":
		return okay("", a.probes.mysql)
	case "probe-listen":
		return okay("", map[string]any{"nonce": "n0nce", "port": 21234})
	case "probe-connect":
		return okay("", a.probes.port)
	}
	return asText(http.StatusNotFound, "404 page not found\n")
}

func (a *Agent) doStart(c Call, stage agent.Stage) reply {
	if len(c.Args) < 2 || c.SeedID == 0 {
		return refused("strconv.ParseInt: parsing %q: invalid syntax", strings.Join(c.Args, "/"))
	}
	if _, offered := a.data.AvailiableSeedMethods[agent.Method(c.Args[1])]; !offered {
		return refused("Seed method unavailiable on agent")
	}
	s := a.seeds[c.SeedID]
	if s == nil {
		if stage != agentapi.Prepare {
			return refused("Unable to start %s stage. SeedID not found", c.Name)
		}
		s = &seed{works: map[agent.Stage]*work{}}
		a.seeds[c.SeedID] = s
	}
	s.method = agent.Method(c.Args[1])
	if len(c.Args) == 3 {
		s.side = agent.Side(c.Args[2])
	}
	w := s.works[stage]
	if a.opts.V2 {
		a.begin(c.SeedID, s, stage, 0)
		if w != nil { // as recorded: it says so, and starts it again
			return asText(http.StatusAccepted, string(stage)+" stage already started for seedStarted")
		}
		return asText(http.StatusAccepted, "Started")
	}
	for _, older := range s.works {
		if older.attempt > c.Attempt {
			return refused("attempt %d is older than attempt %d", c.Attempt, older.attempt)
		}
	}
	if w != nil && w.attempt == c.Attempt {
		return asText(http.StatusAccepted, string(stage)+" stage already started for seed")
	}
	for st, older := range s.works {
		if older.status == agentapi.Running {
			a.end(s, st, fmt.Sprintf("ended by attempt %d", c.Attempt))
		}
	}
	a.begin(c.SeedID, s, stage, c.Attempt)
	return asText(http.StatusAccepted, "Started")
}

func (a *Agent) doState(c Call) reply {
	s := a.seeds[c.SeedID]
	if s == nil {
		return refused("SeedID %d not found", c.SeedID)
	}
	w := s.works[c.Stage]
	if w == nil || (!a.opts.V2 && c.Attempt > w.attempt) {
		return refused("SeedID %d on stage %s not found", c.SeedID, c.Stage)
	}
	return asJSON(a.poll(c.SeedID, s, c.Stage))
}

func (a *Agent) doAbort(c Call) reply {
	s := a.seeds[c.SeedID]
	if s == nil {
		return refused("Unable to abort seed stage. SeedID not found")
	}
	if c.Stage == agentapi.ConnectSlave && a.opts.V2 {
		return asText(http.StatusInternalServerError, "500 Internal Server Error")
	}
	if c.Stage == agentapi.Prepare || c.Stage == agentapi.Backup {
		s.receives = s.receives && a.refuse
	}
	running := false
	for st, w := range s.works {
		if w.status != agentapi.Running || (a.opts.V2 && st != c.Stage) {
			continue
		}
		running = true
		if !a.refuse {
			a.end(s, st, "aborted: signal: killed")
			w.out.Code = "aborted"
		}
	}
	if (a.refuse && running) || (a.opts.V2 && !running) {
		return refused("Unable to abort seed. Either seed is completed or seed commands are not running")
	}
	return asText(http.StatusOK, "killed")
}

func (a *Agent) doRelease(c Call) reply {
	if a.opts.V2 {
		return asText(http.StatusNotFound, "404 page not found\n")
	}
	if s := a.seeds[c.SeedID]; s != nil {
		for st, w := range s.works {
			if w.status == agentapi.Running {
				a.end(s, st, "released")
			}
		}
		s.held, s.receives = false, false
	}
	a.freed = append(a.freed, c.SeedID)
	r := asText(http.StatusOK, "released")
	if s := a.seeds[c.SeedID]; s != nil && s.oldData != "" {
		if s.oldData == agentapi.OldDataAside {
			s.oldData, s.oldDataAt = agentapi.OldDataPutBack, ""
		}
		r.header = http.Header{agentapi.HeaderOldData: {string(s.oldData)}}
	}
	return r
}
