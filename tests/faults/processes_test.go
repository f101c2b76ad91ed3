package faults

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// tools are the processes that stages of this world's seeds have started.
func (w *world) tools() []process {
	w.t.Helper()
	entries, err := filepath.Glob("/proc/[0-9]*")
	w.must(err)
	var found []process
	for _, dir := range entries {
		env, err := os.ReadFile(dir + "/environ")
		if err != nil || !bytes.Contains(env, []byte("ORCHESTRATOR_AGENT_SEED=")) || !bytes.Contains(env, []byte(filepath.Dir(w.f.Dir)+"/")) {
			continue
		}
		line, err := os.ReadFile(dir + "/cmdline")
		if err != nil || len(line) == 0 {
			continue
		}
		exe, _ := os.Readlink(dir + "/exe")
		pid, _ := strconv.Atoi(filepath.Base(dir))
		found = append(found, process{pid: pid, exe: filepath.Base(exe), line: string(bytes.ReplaceAll(line, []byte{0}, []byte(" "))), env: string(env)})
	}
	return found
}

// killTool is kill -9 of the dump program itself.
func (w *world) killTool() {
	w.t.Helper()
	w.until(func() error {
		for _, p := range w.tools() {
			if p.exe == "mariadb-dump" && !strings.Contains(p.line, "--help") {
				return syscall.Kill(p.pid, syscall.SIGKILL)
			}
		}
		return errors.New("no dump program runs")
	})
}

// lockedSource keeps the dump program from beginning: it has to wait for the tables.
func (w *world) lockedSource() (unlock func()) {
	return w.locked(w.f.Source.Server, "LOCK TABLES mysql.help_topic READ, shop.orders WRITE")
}

// toolsKilled is fault 8 for the programs.
func toolsKilled() []faultCase {
	return []faultCase{
		{fault: 8, what: "kill -9 of the dump program", stage: "Backup", side: "target", ci: true, end: completed, do: func(w *world) {
			unlock := w.lockedSource()
			w.start()
			w.dumpWaits()
			w.killTool()
			w.at(agentapi.Backup, agentapi.Error)
			unlock()
			w.end()
			w.expectSaid("signal: killed")
		}},
		{fault: 8, what: "kill -9 of the dump program at every attempt", stage: "Backup", side: "target", end: ending{stage: agentapi.Backup, code: "dump-failed",
			text: "mariadb-dump failed: .*signal: killed", data: oldData}, fleet: oneRetry, do: func(w *world) {
			unlock := w.lockedSource()
			defer unlock()
			w.start()
			for range 2 {
				w.dumpWaits()
				w.killTool()
				w.until(func() error {
					if len(w.tools()) > 0 {
						return errors.New("the killed program is still there")
					}
					return nil
				})
			}
			w.end()
		}},
		{fault: 8, what: "the loading connections are killed", stage: "Restore", side: "target", ci: true, fleet: fillBulk(8 << 20), end: completed, do: func(w *world) {
			unlock := w.heldInLoad()
			for _, p := range w.rows(w.f.Target.Server, "SELECT id FROM information_schema.processlist WHERE user = 'orchestrator-agent'") {
				_, _ = w.db(w.f.Target.Server).ExecContext(w.ctx, "KILL "+p["id"]) // one may have ended by itself
			}
			unlock()
			w.end()
			w.expectSaid("(?s)Restore on .*: lost the target's MySQL while|Restore on .*: (running|opening|SET|reading)")
		}},
	}
}

func oneRetry(o *fleet.Options) { o.ServiceConfig["MaxRetriesForSeedStage"] = 1 }

// dumpWaits waits until the dump program has come to the source and hangs there.
func (w *world) dumpWaits() {
	w.t.Helper()
	w.until(func() error {
		if len(w.rows(w.f.Source.Server, "SELECT id FROM information_schema.processlist WHERE user = 'orchestrator-agent' AND state LIKE 'Waiting for%'")) == 0 {
			return errors.New("no dump waits for the lock")
		}
		return nil
	})
}

// expectSaid: the seed's states must hold it.
func (w *world) expectSaid(pattern string) {
	w.t.Helper()
	if !w.said(pattern) {
		w.t.Errorf("no state of the seed says %q", pattern)
	}
}

// serversKilled is fault 8 for the database servers.
func serversKilled() []faultCase {
	kill := func(side agentapi.Side, w *world) {
		w.must(w.agent(side).Server.Kill())
		w.must(w.agent(side).Server.Restart(w.ctx))
	}
	list := []faultCase{
		{fault: 8, what: "kill -9 of mysqld when the old data is gone and half of the new is there, then started again", stage: "Restore", side: "target",
			ci: true, fleet: fillBulk(8 << 20), end: completed, do: func(w *world) {
				_ = w.heldInLoad() // the lock ends with the server
				kill(agentapi.Target, w)
				w.end()
			}},
	}
	for _, at := range []struct {
		stage agentapi.Stage
		side  agentapi.Side
		ci    bool
	}{
		{agentapi.Backup, agentapi.Source, true},
		{agentapi.Backup, agentapi.Target, false},
		{agentapi.Restore, agentapi.Source, false},
		{agentapi.Restore, agentapi.Target, false},
		{agentapi.ConnectSlave, agentapi.Source, false},
		{agentapi.ConnectSlave, agentapi.Target, true},
	} {
		h := holds()[at.stage]
		list = append(list, faultCase{fault: 8, what: "kill -9 of mysqld, then started again", stage: string(at.stage), side: lower(at.side), ci: at.ci,
			fleet: h.fleet, dump: h.dump, end: completed, do: func(w *world) {
				if at.side == agentapi.Source {
					// What a crash does by itself - counters of AUTO_INCREMENT go back to what is on disk - has happened before.
					kill(at.side, w)
					w.source = w.readSource()
				}
				open := h.until(w)
				kill(at.side, w)
				if at.side == agentapi.Source {
					w.source = w.readSource() // tables in memory are empty now, which a server writes to its binary log
				}
				open()
				w.end()
			}})
	}
	return list
}

// lyingTools are faults 9 to 11.
func lyingTools() []faultCase {
	tools := []struct {
		fault            int
		what, dump, code string
		text             string
	}{
		{9, "the dump program ends with 0 in the middle", cutDump, "dump-incomplete", "ended with success, but its output has no closing line"},
		{9, "the dump program ends with 0, without its closing line", cutLine, "dump-incomplete", "ended with success, but its output has no closing line"},
		{10, "the dump program ends with an error after its last byte", lateError, "dump-failed", "exit status 3: .*Got error: 2013: Lost connection while saying goodbye"},
		{11, "the dump program prints success and ends with an error", falseSuccess, "dump-failed", "exit status 1: .*dump completed OK, all is well"},
	}
	var list []faultCase
	for i, tool := range tools {
		list = append(list,
			faultCase{fault: tool.fault, what: tool.what + ", at every attempt", stage: "Backup", side: "target", ci: i != 1, dump: tool.dump, fleet: oneRetry,
				end: ending{stage: agentapi.Backup, code: tool.code, text: tool.text, hint: "", data: oldData}, do: func(w *world) {
					w.start()
					w.end()
					if w.dump.runs() != 2 {
						w.t.Errorf("the dump program was run %d times, must be tried again once", w.dump.runs())
					}
					w.note("tried %d times", w.dump.runs())
				}},
			faultCase{fault: tool.fault, what: tool.what + ", once", stage: "Backup", side: "target", ci: i == 0, dump: once(tool.dump), end: completed, do: func(w *world) {
				w.start()
				w.end()
				w.expectSaid(tool.text)
				w.note("tried %d times", w.dump.runs())
			}})
	}
	return list
}

// passwordsShown are processes that show a password in their arguments or environment.
func (w *world) passwordsShown(passwords ...string) error {
	for _, p := range w.tools() {
		for _, password := range passwords {
			if strings.Contains(p.line, password) || strings.Contains(p.env, password) {
				return fmt.Errorf("process %s shows a password", p)
			}
		}
	}
	return nil
}
