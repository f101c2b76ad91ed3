package faults

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// clonePluginKit is the method ClonePlugin, on MySQL.
func clonePluginKit() *kit {
	clone := heldClone()
	return &kit{
		method: agentapi.ClonePlugin, kind: sandbox.MySQL97, physical: true, late: true, startCode: "mysql-start-failed", room: 900 << 20, roomless: true,
		noMounts: "MySQL refuses to clone into its data directory",
		fleet: func(o *fleet.Options) {
			o.AgentConfig["clone_plugin"]["install-plugin"] = true
			o.ServiceConfig["MaxRetriesForSeedStage"] = 8 // a killed MySQL takes its time to come back
		},
		fill:  func(f *sandbox.FillOptions) { f.InnoDBOnly = true },
		holds: []hold{heldPrepare(), clone, heldStop(), heldStart(), heldCatchUp(oldData), heldCleanup()},
		kills: []killing{
			{what: "the connection that clones", at: clone, side: agentapi.Target, said: "clone",
				kill: killing2(agentapi.Target, "SELECT id FROM information_schema.processlist WHERE info LIKE 'CLONE INSTANCE%'")},
			{what: "the connections that serve the clone", at: clone, side: agentapi.Source, said: "clone",
				kill: killing2(agentapi.Source, "SELECT processlist_id AS id FROM performance_schema.threads WHERE processlist_command = 'clone'")},
		},
		serverKills: map[agentapi.Side][]agentapi.Stage{
			agentapi.Source: {agentapi.Backup, agentapi.Restore, agentapi.ConnectSlave},
			agentapi.Target: {agentapi.Backup, agentapi.Restore, agentapi.ConnectSlave},
		},
		without: map[int]string{
			9: noCloneTools, 10: noCloneTools, 11: noCloneTools, 15: noOwnLine,
			38: noPort38,
		},
		telling: clonePluginTelling, more: clonePluginCases,
	}
}

const (
	noCloneTools = "the servers copy by themselves: there is no program that could lie"
	noPort38     = "it needs no data port; over IPv6 it is a case of tests/e2e"
)

// clonePluginTelling is the selection for every change.
func clonePluginTelling(c faultCase) bool {
	stage := agentapi.Stage(c.stage)
	switch c.fault {
	case 6:
		return stage == agentapi.Backup && c.end.code == ""
	case 8:
		return stage == agentapi.Backup && c.side == "source" && c.what == "kill -9 of mysqld, then started again"
	case 23:
		return c.side == "-" && stage == agentapi.Backup
	case 36:
		return c.end.none
	}
	return false
}

// clonePluginCases are those of a data directory that is a mount point - there is no place beside it that could be swapped - and of
// a clone on which MySQL did not start for want of space: it takes it for a bad one from then on.
func clonePluginCases(k *kit) []faultCase {
	clone, stop := k.hold(agentapi.Backup), k.hold(agentapi.Restore)
	return []faultCase{k.held(clone, faultCase{fault: 18, what: "the source's MySQL is frozen and sends nothing", side: "source", fleet: stale,
		end: ending{stage: agentapi.Backup, code: "no-progress", text: fmt.Sprintf(stillText, "copied"), data: oldData}, do: func(w *world) {
			clone.until(w)
			source := w.f.Source.Server.Pid()
			w.must(syscall.Kill(source, syscall.SIGSTOP))
			defer func() { w.must(syscall.Kill(source, syscall.SIGCONT)) }()
			w.end()
		}}), k.held(clone, faultCase{fault: 22, what: "all tables of the source are locked until its files were copied", side: "source", end: completed, do: func(w *world) {
		open := clone.until(w)
		unlock := w.locked(w.f.Source.Server, "FLUSH TABLES WITH READ LOCK")
		open()
		w.until(func() error {
			if w.text(w.f.Target.Server, "SELECT COUNT(*) FROM performance_schema.clone_progress WHERE stage = 'FILE COPY' AND state = 'Completed'") == "0" {
				return errors.New("the files are still being copied")
			}
			return nil
		})
		unlock()
		w.end()
	}}), {fault: 34, what: "the data directory is a mount point with lost+found: refused, with the old data untouched", stage: "Prepare", side: "target", fleet: oneRetry,
		end: ending{stage: agentapi.Prepare, code: "clone-directory", text: "is a mount point", hint: "allow-erase", data: oldData}, do: func(w *world) {
			mountPoint(w)
			w.start()
			w.end()
		}}, k.held(stop, faultCase{fault: 16, what: "the disk of the target's data is full when MySQL starts on the clone; space made, released", side: "target", fleet: oneRetry,
		disk: func(o *fleet.Options) (string, int) { return filepath.Join(o.Dir, "target-db"), k.room },
		end:  ending{stage: agentapi.Restore, code: "mysql-start-failed", text: "does not start on the new data", hint: ".", data: oldData}, do: func(w *world) {
			open := stop.until(w)
			filler := w.fillUp(w.disk, 256<<10)
			open()
			w.end()
			w.must(os.Remove(filler))
		}})}
}

// heldClone holds Backup in the middle: the copy is bound to the least that can be.
func heldClone() hold {
	return heldSlow(1<<20, func(w *world) error {
		if w.text(w.f.Target.Server, "SELECT COUNT(*) FROM performance_schema.clone_progress WHERE stage = 'FILE COPY' AND data > 4000000") == "0" {
			return errors.New("no data was cloned yet")
		}
		return nil
	})
}

// heldSlow holds Backup by a bound on the seed's bandwidth, in bytes a second, which is taken away to let it go on.
func heldSlow(limit int64, moves func(w *world) error) hold {
	return hold{stage: agentapi.Backup, after: oldData, until: func(w *world) func() {
		w.start()
		w.until(func() error {
			_, _, err := client.SeedBandwidth(w.id, limit).Fetch(w.ctx, w.f.Service.Client)
			return err // an agent may be busy with Prepare
		})
		w.at(agentapi.Backup, agentapi.Running)
		w.until(func() error { return moves(w) })
		return func() { // one that has ended is refused, and an agent that is away is told later
			_, _, _ = client.SeedBandwidth(w.id, 0).Fetch(w.ctx, w.f.Service.Client)
		}
	}}
}

// heldStop holds Restore when MySQL is to be stopped, still on its old data. The source's server, which has the same command,
// is never stopped by its agent.
func heldStop() hold {
	return hold{stage: agentapi.Restore, where: "MySQL is stopped", after: oldData, putsBack: true, fleet: func(o *fleet.Options) {
		g := gateIn(filepath.Join(filepath.Dir(o.Dir), "stop"))
		setMySQL(o, "service-stop-command", fmt.Sprintf("mkdir -p %s; touch %s; while [ ! -e %s ]; do sleep 0.05; done; exec %s",
			filepath.Dir(g.open), g.waits, g.open, filepath.Join(o.Dir, "target-db", "stop")))
	}, until: func(w *world) func() {
		g := gateIn(filepath.Join(filepath.Dir(w.f.Dir), "stop"))
		w.start()
		w.until(g.waiting)
		return func() { w.must(g.let()) }
	}}
}

// killing2 is KILL of a server's connections, which the query names.
func killing2(side agentapi.Side, query string) func(w *world) {
	return func(w *world) {
		w.t.Helper()
		s, n := w.agent(side).Server, 0
		for _, row := range w.rows(s, query) {
			if _, err := w.db(s).ExecContext(w.ctx, "KILL "+row["id"]); err == nil {
				n++
			}
		}
		if n == 0 {
			w.t.Fatalf("no connection was there to be killed on the %s", side)
		}
	}
}
