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
		if err != nil || !bytes.Contains(env, []byte("ORCHESTRATOR_AGENT_")) || !bytes.Contains(env, []byte(filepath.Dir(w.f.Dir)+"/")) {
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

// killTool is kill -9 of a side's program itself, once it runs.
func (w *world) killTool(side agentapi.Side, exe string) {
	w.t.Helper()
	w.until(func() error {
		for _, p := range w.tools() {
			if p.exe == exe && p.side() == side && !strings.Contains(p.line, "--help") {
				return syscall.Kill(p.pid, syscall.SIGKILL)
			}
		}
		return fmt.Errorf("no %s runs on the %s", exe, side)
	})
}

// lockedSource keeps the dump program from beginning: it has to wait for the tables.
func (w *world) lockedSource() (unlock func()) {
	return w.locked(w.f.Source.Server, "LOCK TABLES mysql.help_topic READ, shop.orders WRITE")
}

// toolsKilled is fault 8 for the programs.
func toolsKilled(k *kit) []faultCase {
	var list []faultCase
	for _, kill := range k.kills {
		list = append(list, k.held(kill.at, faultCase{fault: 8, what: "kill -9 of " + kill.what, side: lower(kill.side), end: completed, do: func(w *world) {
			open := kill.at.until(w)
			kill.kill(w)
			if kill.hidden {
				open()
			}
			w.at(kill.at.stage, agentapi.Error)
			open()
			w.finish()
			w.expectSaid(kill.said)
		}}))
	}
	return list
}

// noRetry has a seed fail at once; with retries it outlasts a server that is away for minutes.
func noRetry(o *fleet.Options) { o.ServiceConfig["MaxRetriesForSeedStage"] = 0 }

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

// killServer is kill -9 of mysqld, which is then started again.
func (w *world) killServer(side agentapi.Side) {
	w.t.Helper()
	w.must(w.agent(side).Server.Kill())
	w.must(w.agent(side).Server.Restart(w.ctx))
}

// serversKilled is fault 8 for the database servers.
func serversKilled(k *kit) []faultCase {
	var list []faultCase
	for _, side := range sides {
		for _, stage := range k.serverKills[side] {
			h := k.hold(stage)
			list = append(list, k.held(h, faultCase{fault: 8, what: "kill -9 of mysqld, then started again", side: lower(side), end: completed, do: func(w *world) {
				if side == agentapi.Source {
					// What a crash does by itself - counters of AUTO_INCREMENT go back to what is on disk - has happened before.
					w.killServer(side)
					w.rereadSource()
				}
				open := h.until(w)
				w.killServer(side)
				if side == agentapi.Source {
					w.rereadSource() // tables in memory are empty now, which a server writes to its binary log
				}
				open()
				w.finish()
			}}))
		}
	}
	return list
}

// hostRestarted is fault 7: all processes of a host are gone at once, and then its server and its agent are started.
func hostRestarted(k *kit) []faultCase {
	var list []faultCase
	for _, h := range k.holds {
		list = append(list, k.held(h, faultCase{fault: 7, what: "the host is restarted", side: "target", end: completed, do: func(w *world) {
			open := h.until(w)
			w.hostDown(agentapi.Target)
			w.must(w.f.Target.Server.Restart(w.ctx))
			if h.stage == agentapi.Cleanup { // whether a replica goes on by itself after a restart is its server's configuration
				w.exec(w.f.Target.Server, w.kit.startReplica())
			}
			w.restart(agentapi.Target)
			open()
			w.finish()
		}}), k.held(h, faultCase{fault: 7, what: "the host is restarted", side: "source", end: completed, do: func(w *world) {
			w.killServer(agentapi.Source) // as in serversKilled
			w.rereadSource()
			open := h.until(w)
			w.hostDown(agentapi.Source)
			w.must(w.f.Source.Server.Restart(w.ctx))
			w.rereadSource()
			w.restart(agentapi.Source)
			open()
			w.finish()
			w.reconnected()
		}}))
	}
	return list
}

// reconnected waits until a replica has come back to a source that was away; it tries every few seconds.
func (w *world) reconnected() {
	w.t.Helper()
	w.until(func() error {
		if channels := w.replication(w.f.Target.Server); len(channels) != 1 || !channels[0].runs {
			return fmt.Errorf("the target does not replicate: %v", channels)
		}
		return nil
	})
}

// hostDown is kill -9 of all processes of a host: nothing is left that could tell of the others' end.
func (w *world) hostDown(side agentapi.Side) {
	w.t.Helper()
	a := w.agent(side)
	w.must(a.Signal(syscall.SIGSTOP)) // it sees nothing of the others' end
	for _, p := range w.tools() {
		if p.side() == side {
			_ = syscall.Kill(p.pid, syscall.SIGKILL) // it may have ended by itself
		}
	}
	w.must(a.Server.Kill())
	w.must(a.Kill())
}

// lyingTools are faults 9 to 11.
func lyingTools(k *kit) []faultCase {
	var list []faultCase
	for _, l := range k.lies {
		c := faultCase{fault: l.fault, what: l.what + ", at every attempt", stage: string(l.stage), side: lower(l.side), fleet: oneRetry,
			end: ending{stage: l.stage, code: l.code, text: l.said, data: oldData}, do: func(w *world) {
				w.start()
				w.end()
				w.triedTwice(l)
			}}
		l.standsIn(&c, l.text)
		once := faultCase{fault: l.fault, what: l.what + ", once", stage: string(l.stage), side: lower(l.side), end: completed, do: func(w *world) {
			w.start()
			w.end()
			w.expectSaid(l.said)
			w.triedTwice(l)
		}}
		l.standsIn(&once, onlyOnce(l.text))
		list = append(list, c, once)
	}
	return list
}

// standsIn puts the program into a case.
func (l lie) standsIn(c *faultCase, text string) {
	if l.tool == "" {
		c.dump = text
		return
	}
	c.tools = standIns{l.side: {l.tool: text}}
}

func (w *world) triedTwice(l lie) {
	w.t.Helper()
	s := w.dump
	if l.tool != "" {
		s = w.standIn(l.side, l.tool)
	}
	if s.runs() != 2 {
		w.t.Errorf("the program was run %d times, must be tried again once", s.runs())
	}
	w.note("tried %d times", s.runs())
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
