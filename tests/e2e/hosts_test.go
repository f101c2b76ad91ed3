package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

func TestHostsObeyAndComeBackAfterRestarts(t *testing.T) {
	w := start(t, fleet.Options{Kind: sandbox.MariaDB, AgentConfig: map[string]map[string]any{"custom-commands": {
		"greet": map[string]any{"cmd": []string{"echo", "hello,  $HOME; *"}}, "fail": map[string]any{"cmd": []string{"sh", "-c", "echo because >&2; exit 3"}},
	}}})
	host := w.Target.Host
	t.Run("a custom command runs, without a shell", func(t *testing.T) {
		if out := w.cliOK("agent-custom-command", host, "greet"); strings.TrimRight(out, "\n") != "hello,  $HOME; *" {
			t.Errorf("said %q", out)
		}
		if s := w.cli("agent-custom-command", host, "fail"); s.status != 1 || !strings.Contains(s.err, "because") {
			t.Errorf("ended with %d: %s%s", s.status, s.out, s.err)
		}
		if s := w.cli("agent-custom-command", host, "nosuch"); s.status != 1 || !strings.Contains(s.err, "nosuch") {
			t.Errorf("ended with %d: %s%s", s.status, s.out, s.err)
		}
	})
	t.Run("the error log's end", func(t *testing.T) {
		if out := w.cliOK("agent-mysql-error-log", host); !strings.Contains(out, "ready for connections") {
			t.Errorf("said %q", out)
		}
	})
	t.Run("MySQL stops and starts", func(t *testing.T) {
		before := w.Target.Server.Pid()
		for _, step := range []struct {
			command string
			running bool
		}{{"agent-mysql-stop", false}, {"agent-mysql-stop", false}, {"agent-mysql-start", true}, {"agent-mysql-start", true}} {
			var a seedapi.Agent
			w.must(json.Unmarshal([]byte(w.cliOK(step.command, host, "--output", "json")), &a), "read the answer to "+step.command)
			pid := w.Target.Server.Pid()
			if a.Data == nil || a.Data.MySQLRunning != step.running || (pid != 0) != step.running || pid == before {
				t.Errorf("after %s: the agent says %+v, the process is %d, before %d", step.command, a.Data, pid, before)
			}
		}
		w.until("it answers", func() error { return w.target().PingContext(w.ctx) })
	})
	id := w.seed()
	w.completed(id)
	t.Run("every answer is as the description says", func(t *testing.T) { w.contractHolds(t, id) })
	t.Run("agents that were restarted register again", func(t *testing.T) { w.agentsComeBack(t) })
	t.Run("a service that was restarted knows all", func(t *testing.T) { w.serviceComesBack(t, id) })
	w.nothingIsLeft(id)
}

func (w *world) agentsComeBack(t *testing.T) {
	for _, a := range []*fleet.Agent{w.Source, w.Target} {
		w.must(a.Stop(), "stop the agent on "+a.Host)
		if _, err := client.UpdateAgent(a.Host).Do(w.ctx, w.Service.Client); err == nil {
			t.Error("a stopped agent answers")
		}
		stopped := time.Now()
		w.must(a.Start(), "start the agent")
		w.must(a.Registered(w.ctx), "register again")
		w.until("the agent has registered itself", func() error {
			known, err := client.Agent(a.Host).Do(w.ctx, w.Service.Client)
			// The API shows whole seconds.
			if err != nil || known.Status != "Active" || known.LastSeen.Before(stopped.Truncate(time.Second)) || strings.Count(a.Log(), "msg=registered") != 2 {
				return fmt.Errorf("the service knows %s, last seen %s, %w", known.Status, known.LastSeen, err)
			}
			return nil
		})
	}
}

func (w *world) serviceComesBack(t *testing.T, id int64) {
	before, err := w.Details(w.ctx, id)
	w.must(err, "ask for the seed")
	w.must(w.Service.Stop(), "stop the service")
	w.must(w.Service.Restart(w.ctx), "start it again")
	agents, err := client.Agents(client.AgentFilter{}).Do(w.ctx, w.Service.Client)
	if err != nil || len(agents) != 2 || agents[0].Status != "Active" || agents[1].Status != "Active" {
		t.Errorf("agents are %v, %v", agents, err)
	}
	seeds, err := client.Seeds(client.SeedFilter{}).Do(w.ctx, w.Service.Client)
	if err != nil || len(seeds) != 1 || fmt.Sprint(seeds[0]) != fmt.Sprint(before) {
		t.Errorf("seeds are %v, %v; want %v", seeds, err, before)
	}
	for _, a := range []*fleet.Agent{w.Source, w.Target} {
		w.must(a.Registered(w.ctx), "ask the agent on "+a.Host)
	}
}
