package faults

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// heldPrepare: the service stands when the stage was started. It is the same for every method.
func heldPrepare() hold {
	return hold{stage: agentapi.Prepare, fleet: standing, after: oldData, until: func(w *world) func() {
		w.start()
		w.stepTo(agentapi.Prepare, agentapi.Running)
		return func() {}
	}}
}

// heldCleanup is held in the post-seed commands. It is the same for every method.
func heldCleanup() hold {
	return hold{stage: agentapi.Cleanup, fleet: waitingPostSeed, after: replica, until: func(w *world) func() { return w.heldInPostSeed() }}
}

// heldTool holds a stage in a program of that side, which has a stand-in with a gate.
func heldTool(stage agentapi.Stage, side agentapi.Side, program, text string) hold {
	return hold{stage: stage, tools: standIns{side: {program: text}}, after: oldData, until: func(w *world) func() {
		gate := w.standIn(side, program)
		w.start()
		w.until(gate.waiting)
		return func() { w.must(gate.let()) }
	}}
}

// heldCatchUp holds ConnectSlave with a service that stands: the gate may be passed before the source's next write has come, and
// where the target's server is restarted after the copy no lock could be taken there before.
func heldCatchUp(after targetData) hold {
	return hold{stage: agentapi.ConnectSlave, fleet: standing, after: after, until: func(w *world) func() {
		w.start()
		w.stepTo(agentapi.ConnectSlave, agentapi.Scheduled)
		open := w.holdsApplying()
		w.stepTo(agentapi.ConnectSlave, agentapi.Running)
		return open
	}}
}

// heldStart holds Restore when the new data is in place and MySQL is to be started on it. The source's server, which has the
// same command, is never started by its agent.
func heldStart() hold {
	return hold{stage: agentapi.Restore, where: "MySQL is started on the new data", after: oldData, putsBack: true, fleet: func(o *fleet.Options) {
		g := gateIn(filepath.Join(filepath.Dir(o.Dir), "start"))
		setMySQL(o, "service-start-command", fmt.Sprintf("mkdir -p %s; touch %s; while [ ! -e %s ]; do sleep 0.05; done; exec %s",
			filepath.Dir(g.open), g.waits, g.open, filepath.Join(o.Dir, "target-db", "start")))
	}, until: func(w *world) func() {
		g := gateIn(filepath.Join(filepath.Dir(w.f.Dir), "start"))
		w.start()
		w.until(g.waiting)
		return func() { w.must(g.let()) }
	}}
}

// setMySQL sets a command of the agents' section mysql.
func setMySQL(o *fleet.Options, key, script string) {
	if o.AgentConfig["mysql"] == nil {
		o.AgentConfig["mysql"] = map[string]any{}
	}
	o.AgentConfig["mysql"][key] = []string{"/bin/sh", "-c", script}
}

// heldBeforeDrop starts a seed and holds Restore at its first statement that changes the target.
func (w *world) heldBeforeDrop() (unlock func()) {
	w.t.Helper()
	w.start()
	w.until(w.dump.waiting)
	unlock = w.locked(w.f.Target.Server, "FLUSH TABLES WITH READ LOCK")
	w.must(w.dump.let())
	w.waitsFor("DROP DATABASE%")
	return unlock
}

// heldInLoad starts a seed and holds Restore when the old data is gone and some of the new is there.
func (w *world) heldInLoad() (unlock func()) {
	w.t.Helper()
	w.start()
	target := w.f.Target.Server
	w.until(func() error {
		if n := w.text(target, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'shop'"); n == "0" {
			return fmt.Errorf("nothing is loaded yet")
		}
		return nil
	})
	unlock = w.locked(target, "FLUSH TABLES WITH READ LOCK")
	w.waitsFor("%")
	return unlock
}

// waitsFor waits until a statement of the target's agent hangs on a lock.
func (w *world) waitsFor(like string) {
	w.t.Helper()
	w.until(func() error {
		if len(w.rows(w.f.Target.Server, "SELECT id FROM information_schema.processlist WHERE user = 'orchestrator-agent' AND state LIKE 'Waiting for%' AND info LIKE '"+like+"'")) == 0 {
			return fmt.Errorf("no statement of the agent waits for a lock")
		}
		return nil
	})
}

// holdsApplying has the source write what can't be applied on the target while a named lock is taken there.
func (w *world) holdsApplying() (open func()) {
	w.t.Helper()
	conn, err := w.db(w.f.Target.Server).Conn(w.ctx)
	w.must(err)
	_, err = conn.ExecContext(w.ctx, "SELECT GET_LOCK('held by the test', 0)")
	w.must(err)
	source, err := w.db(w.f.Source.Server).Conn(w.ctx)
	w.must(err)
	defer source.Close()
	statement := fmt.Sprintf("INSERT INTO held.t VALUES (IF(@@server_id = %d, GET_LOCK('held by the test', 600) * 0, 0))", w.f.Target.Server.ServerID)
	for _, s := range []string{"CREATE DATABASE held", "CREATE TABLE held.t (id INT)", "SET SESSION binlog_format = STATEMENT", statement} {
		_, err := source.ExecContext(w.ctx, s)
		w.must(err)
	}
	w.rereadSource()
	return unlocker(w.ctx, conn)
}

// unlocker gives back a named lock with its session; a target that was killed has lost both.
func unlocker(ctx context.Context, conn *sql.Conn) func() {
	return func() {
		_, _ = conn.ExecContext(ctx, "SELECT RELEASE_ALL_LOCKS()")
		_ = conn.Close()
	}
}

// waitingPostSeed gives the agents a post-seed command that waits.
func waitingPostSeed(o *fleet.Options) {
	dir := filepath.Join(filepath.Dir(o.Dir), "post")
	g := gateIn(dir)
	o.AgentConfig["custom-commands"] = map[string]any{"post-seed-command": map[string]any{
		"cmd": []string{"/bin/sh", "-c", fmt.Sprintf("mkdir -p %s; touch %s; while [ ! -e %s ]; do sleep 0.05; done", dir, g.waits, g.open)},
	}}
}

// heldInPostSeed starts a seed and holds Cleanup in the post-seed commands.
func (w *world) heldInPostSeed() (open func()) {
	w.t.Helper()
	g := gateIn(filepath.Join(filepath.Dir(w.f.Dir), "post"))
	w.post = &g
	w.start()
	w.until(g.waiting)
	return func() { w.must(g.let()) }
}

// and is one change of the fleet after another.
func and(changes ...func(*fleet.Options)) func(*fleet.Options) {
	return func(o *fleet.Options) {
		for _, change := range changes {
			if change != nil {
				change(o)
			}
		}
	}
}
