package faults

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// hold says how a stage is held open.
type hold struct {
	fleet func(*fleet.Options)
	dump  string
	// until starts the seed and brings it there; open lets it go on (it may be called again).
	until func(w *world) (open func())
}

// holds are one for each stage, all of them with a service that goes on by itself, except in Prepare: that is over at once,
// so there the service stands.
func holds() map[agentapi.Stage]hold {
	return map[agentapi.Stage]hold{
		agentapi.Prepare: {fleet: standing, until: func(w *world) func() {
			w.start()
			w.stepTo(agentapi.Prepare, agentapi.Running)
			return func() {}
		}},
		agentapi.Backup: {dump: heldDump, until: func(w *world) func() {
			w.start()
			w.until(w.dump.waiting)
			return func() { w.must(w.dump.let()) }
		}},
		agentapi.Restore: {dump: heldDump, until: func(w *world) func() {
			unlock := w.heldBeforeDrop()
			return unlock
		}},
		agentapi.ConnectSlave: {dump: heldAfterDump, until: func(w *world) func() { return w.heldConnect() }},
		agentapi.Cleanup:      {fleet: waitingPostSeed, until: func(w *world) func() { return w.heldCleanup() }},
	}
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

// heldConnect starts a seed and holds ConnectSlave: what the source wrote after the copy can't be applied while a named
// lock is taken on the target.
func (w *world) heldConnect() (open func()) {
	w.t.Helper()
	w.start()
	w.until(w.dump.waiting)
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
	w.source = w.readSource()
	w.must(w.dump.let())
	w.at(agentapi.ConnectSlave, agentapi.Running)
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

// heldCleanup starts a seed and holds Cleanup in the post-seed commands.
func (w *world) heldCleanup() (open func()) {
	w.t.Helper()
	g := gateIn(filepath.Join(filepath.Dir(w.f.Dir), "post"))
	w.post = &g
	w.start()
	w.until(g.waiting)
	return func() { w.must(g.let()) }
}

// fillBulk gives the source rows enough for a load that takes a moment.
func fillBulk(bytes int64) func(*fleet.Options) {
	return func(o *fleet.Options) {
		o.Fill = func(ctx context.Context, s *sandbox.Server) error {
			return sandbox.Fill(ctx, s.Open(""), sandbox.FillOptions{Bytes: bytes, Logged: true})
		}
	}
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
