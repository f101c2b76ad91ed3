package faults

import (
	"errors"
	"slices"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// mysqldumpKit is the method Mysqldump.
func mysqldumpKit() *kit {
	return &kit{
		method: agentapi.Mysqldump, kind: sandbox.MariaDB, holds: mysqldumpHolds(),
		serverKills: map[agentapi.Side][]agentapi.Stage{
			agentapi.Source: {agentapi.Backup, agentapi.Restore, agentapi.ConnectSlave},
			agentapi.Target: {agentapi.Backup, agentapi.Restore, agentapi.ConnectSlave},
		},
		lies: []lie{
			{9, "the dump program ends with 0 in the middle", agentapi.Backup, agentapi.Target, "", cutDump, "dump-incomplete", "ended with success, but its output has no closing line"},
			{9, "the dump program ends with 0, without its closing line", agentapi.Backup, agentapi.Target, "", cutLine, "dump-incomplete", "ended with success, but its output has no closing line"},
			{10, "the dump program ends with an error after its last byte", agentapi.Backup, agentapi.Target, "", lateError, "dump-failed", "exit status 3: .*Got error: 2013: Lost connection while saying goodbye"},
			{11, "the dump program prints success and ends with an error", agentapi.Backup, agentapi.Target, "", falseSuccess, "dump-failed", "exit status 1: .*dump completed OK, all is well"},
		},
		locks: agentapi.Backup,
		without: map[int]string{
			15: noOwnLine,
			34: "the data directory is not replaced", 35: "the data directory is not replaced", 38: noPort38,
		},
		telling: mysqldumpTelling, more: mysqldumpCases,
	}
}

// mysqldumpHolds have a service that goes on by itself, except in Prepare, which is over at once, and in ConnectSlave, whose gate may
// be passed before the source's next write has arrived: there the service stands.
func mysqldumpHolds() []hold {
	return []hold{
		heldPrepare(),
		{stage: agentapi.Backup, dump: heldDump, after: oldData, until: func(w *world) func() {
			w.start()
			w.until(w.dump.waiting)
			return func() { w.must(w.dump.let()) }
		}},
		{stage: agentapi.Restore, dump: heldDump, after: oldData, until: func(w *world) func() { return w.heldBeforeDrop() }},
		heldCatchUp(copied),
		heldCleanup(),
	}
}

// mysqldumpTelling is the selection of the families' cases for every change.
func mysqldumpTelling(c faultCase) bool {
	stage := agentapi.Stage(c.stage)
	says := func(words string) bool { return strings.Contains(c.what, words) }
	switch c.fault {
	case 1:
		return says("standing") || says("on its way") || stage == agentapi.Restore
	case 2:
		return stage == agentapi.Backup
	case 4:
		return says("full")
	case 6:
		return stage == agentapi.Backup && says("--force") || stage == agentapi.Restore
	case 7:
		return stage == agentapi.Restore && c.side == "target" && !says("half")
	case 8:
		return stage == agentapi.Backup && c.side == "source" || stage == agentapi.ConnectSlave && c.side == "target"
	case 9:
		return says("in the middle, once")
	case 11:
		return c.end.code != ""
	case 12, 16, 19, 26, 33:
		return true
	case 23:
		return stage == agentapi.Backup && c.side == "-" || stage == agentapi.Restore && c.side == "target"
	case 24:
		return says("three times")
	case 28:
		return says("check refuses")
	case 29:
		return says("restore and stays so")
	case 30:
		return says("1062")
	}
	return false
}

// mysqldumpCases are those that only this method, or only one, has to go through.
func mysqldumpCases(k *kit) []faultCase {
	return slices.Concat(backendAway(k), dumpKilled(k), loadHeld(k), stillStages(k), twice())
}

// dumpKilled is fault 8 for the dump program, which waits for a lock of the source.
func dumpKilled(*kit) []faultCase {
	return []faultCase{
		{fault: 8, what: "kill -9 of the dump program", stage: "Backup", side: "target", ci: true, end: completed, do: func(w *world) {
			unlock := w.lockedSource()
			w.start()
			w.dumpWaits()
			w.killTool(agentapi.Target, "mariadb-dump")
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
				w.killTool(agentapi.Target, "mariadb-dump")
				w.until(func() error {
					if len(w.tools()) > 0 {
						return errors.New("the killed program is still there")
					}
					return nil
				})
			}
			w.end()
		}},
	}
}

// loadHeld are the faults when the old data is gone and half of the new is there.
func loadHeld(k *kit) []faultCase {
	bulk := k.fillBulk(8 << 20)
	return []faultCase{
		{fault: 6, what: "kill -9 of the agent when the old data is gone and half of the new is there", stage: "Restore", side: "target",
			ci: true, fleet: bulk, end: completed, do: func(w *world) {
				unlock := w.heldInLoad()
				w.must(w.f.Target.Kill())
				w.restart(agentapi.Target)
				unlock()
				w.end()
			}},
		{fault: 7, what: "the host is restarted when the old data is gone and half of the new is there", stage: "Restore", side: "target",
			fleet: bulk, end: completed, do: func(w *world) {
				_ = w.heldInLoad() // the lock ends with the server
				w.hostDown(agentapi.Target)
				w.must(w.f.Target.Server.Restart(w.ctx))
				w.restart(agentapi.Target)
				w.end()
			}},
		{fault: 8, what: "the loading connections are killed", stage: "Restore", side: "target", fleet: bulk, end: completed, do: func(w *world) {
			unlock := w.heldInLoad()
			for _, p := range w.rows(w.f.Target.Server, "SELECT id FROM information_schema.processlist WHERE user = 'orchestrator-agent'") {
				_, _ = w.db(w.f.Target.Server).ExecContext(w.ctx, "KILL "+p["id"]) // one may have ended by itself
			}
			unlock()
			w.end()
			w.expectSaid("(?s)Restore on .*: lost the target's MySQL while|Restore on .*: (running|opening|SET|reading)")
		}},
		{fault: 8, what: "kill -9 of mysqld when the old data is gone and half of the new is there, then started again", stage: "Restore", side: "target",
			ci: true, fleet: bulk, end: completed, do: func(w *world) {
				_ = w.heldInLoad() // the lock ends with the server
				w.killServer(agentapi.Target)
				w.end()
			}},
		{fault: 23, what: "abort when the old data is gone and half of the new is there", stage: "Restore", side: "-", ci: true,
			fleet: bulk, end: aborted(agentapi.Restore, emptied), do: func(w *world) {
				unlock := w.heldInLoad()
				w.must(w.abort(false))
				unlock()
				w.end()
				w.letGo()
			}},
	}
}
