package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// setPassword changes the replication account on the source.
func (w *world) setPassword(password string) {
	w.t.Helper()
	w.writeSource(fmt.Sprintf("ALTER USER '%s'@'%%' IDENTIFIED BY '%s'", sandbox.ReplicationUser, password))
}

// passwords is fault 28.
func passwords(*kit) []faultCase {
	return []faultCase{
		{fault: 28, what: "the configured replication password is wrong: the check refuses", stage: "before", side: "service",
			fleet: func(o *fleet.Options) { o.ServiceConfig["ReplicationPassword"] = "not the password" }, end: ending{none: true, data: oldData}, do: func(w *world) {
				_, err := w.f.Seed(w.ctx, w.method)
				w.refused(err, "check replication-credentials failed")
			}},
		{fault: 28, what: "the replication password is changed on the source after the backup; set right, then agent-retry-seed", stage: "ConnectSlave", side: "source",
			fleet: standing, end: completed, do: func(w *world) {
				w.start()
				w.stepTo(agentapi.Restore, agentapi.Scheduled)
				w.setPassword("another")
				w.stepToEnd()
				w.checkEnd(ending{stage: agentapi.ConnectSlave, code: "replication-credentials", text: "(?i)access denied|error 1045", hint: "replication user and password"})
				w.setPassword(w.f.Source.Server.Passwords.Replication)
				w.retry()
				w.stepToEnd()
			}},
	}
}

// serverDown is fault 29, for a method that loads into a running server.
func serverDown(k *kit) []faultCase {
	if k.physical {
		return nil
	}
	return []faultCase{
		{fault: 29, what: "mysqld is dead after the restore and stays so; started again, then agent-retry-seed", stage: "ConnectSlave", side: "target",
			fleet: and(standing, noRetry), end: completed, do: func(w *world) {
				w.start()
				w.stepTo(agentapi.ConnectSlave, agentapi.Scheduled)
				w.must(w.f.Target.Server.Kill())
				w.stepToEnd()
				w.checkEnd(ending{stage: agentapi.ConnectSlave, code: "mysql-unreachable", text: "connect", hint: "."})
				w.must(w.f.Target.Server.Restart(w.ctx))
				w.retry()
				w.stepToEnd()
			}},
		{fault: 29, what: "mysqld is dead after the restore and comes back", stage: "ConnectSlave", side: "target", fleet: standing, end: completed, do: func(w *world) {
			w.start()
			w.stepTo(agentapi.ConnectSlave, agentapi.Scheduled)
			w.must(w.f.Target.Server.Kill())
			w.stepTo(agentapi.ConnectSlave, agentapi.Error)
			w.must(w.f.Target.Server.Restart(w.ctx))
			w.stepToEnd()
		}},
		{fault: 29, what: "mysqld is dead when the restore begins and stays so; started again, then agent-retry-seed", stage: "Restore", side: "target", fleet: and(standing, noRetry),
			end: completed, do: func(w *world) {
				w.start()
				w.stepTo(agentapi.Restore, agentapi.Scheduled)
				w.must(w.f.Target.Server.Kill())
				w.stepToEnd()
				w.checkEnd(ending{stage: agentapi.Restore, code: "mysql-unreachable", text: "connect", hint: "see that MySQL runs"})
				w.must(w.f.Target.Server.Restart(w.ctx))
				w.retry()
				w.stepToEnd()
			}},
	}
}

// purgeable makes a table for purge.
func (w *world) purgeable() {
	w.t.Helper()
	w.writeSource("CREATE DATABASE purged", "CREATE TABLE purged.t (id INT PRIMARY KEY AUTO_INCREMENT)")
}

// purge writes to the source and purges the binary logs that hold it. Nothing of it has to wait for a copy that keeps others
// from making tables.
func (w *world) purge() {
	w.t.Helper()
	status := "SHOW MASTER STATUS"
	if w.kit.kind.Modern() {
		status = "SHOW BINARY LOG STATUS"
	}
	w.writeSource("INSERT INTO purged.t VALUES (NULL)", "FLUSH BINARY LOGS", "INSERT INTO purged.t VALUES (NULL)", "FLUSH BINARY LOGS")
	w.until(func() error { // a log that InnoDB may still need is kept, without a word
		w.exec(w.f.Source.Server, "PURGE BINARY LOGS TO '"+w.rows(w.f.Source.Server, status)[0]["File"]+"'")
		if logs := w.rows(w.f.Source.Server, "SHOW BINARY LOGS"); len(logs) != 1 {
			return fmt.Errorf("the source still has the logs %v", logs)
		}
		return nil
	})
}

// replicationErrors is fault 30.
func replicationErrors(k *kit) []faultCase {
	data := drifted
	if k.physical {
		data = oldData // it is put back when the seed is released, which comes before the look
	}
	atConnect := func(harm func(w *world)) func(w *world) {
		return func(w *world) {
			w.purgeable()
			w.writeSource("CREATE DATABASE both_sides", "CREATE TABLE both_sides.t (id INT PRIMARY KEY, v VARCHAR(10))")
			w.start()
			w.stepTo(agentapi.ConnectSlave, agentapi.Scheduled)
			harm(w)
			w.stepToEnd()
			if w.ended.Retries != 0 {
				w.t.Errorf("tried again %d times what can't be helped", w.ended.Retries)
			}
		}
	}
	return []faultCase{
		{fault: 30, what: "the source's binary logs are purged after the copy: error 1236", stage: "ConnectSlave", side: "source", fleet: standing,
			end: ending{stage: agentapi.ConnectSlave, code: "replication-purged", text: "(?i)purge", hint: "binary log", data: data},
			do: atConnect(func(w *world) {
				w.purge()
			})},
		{fault: 30, what: "the source's binary logs are reset after the copy: error 1236", stage: "ConnectSlave", side: "source", fleet: standing,
			end: ending{stage: agentapi.ConnectSlave, code: "replication-purged", text: "1236", hint: "binary log", data: data},
			do: atConnect(func(w *world) {
				reset := "RESET MASTER"
				if k.kind.Modern() {
					reset = "RESET BINARY LOGS AND GTIDS"
				}
				w.writeSource(reset, "CREATE DATABASE after_copy")
			})},
		{fault: 30, what: "a row is written on source and target: error 1062", stage: "ConnectSlave", side: "target", fleet: standing,
			end: ending{stage: agentapi.ConnectSlave, code: "replication-drift", text: "1062", hint: "seed again", data: data},
			do: atConnect(func(w *world) {
				w.writeSource("INSERT INTO both_sides.t VALUES (1, 'source')")
				w.exec(w.f.Target.Server, "INSERT INTO both_sides.t VALUES (1, 'target')")
			})},
	}
}

// awkwardPasswords is fault 33.
func awkwardPasswords(k *kit) []faultCase {
	awkward := sandbox.AwkwardPasswords()
	backup := k.hold(agentapi.Backup)
	c := k.held(backup, faultCase{fault: 33, what: "passwords with quotes, spaces, commas, colons and letters outside of ASCII", side: "both",
		fleet: func(o *fleet.Options) { o.Source.Passwords, o.Target.Passwords = awkward, awkward }, end: onceEach, do: func(w *world) {
			open := backup.until(w)
			secrets := []string{awkward.Agent, awkward.Topology, awkward.Replication}
			w.must(w.passwordsShown(secrets...))
			open()
			w.end()
			for _, file := range []string{"service/service.log", "source-agent/agent.log", "target-agent/agent.log"} {
				log, err := os.ReadFile(filepath.Join(w.f.Dir, file))
				w.must(err)
				for _, secret := range secrets {
					if strings.Contains(string(log), secret) {
						w.t.Errorf("%s holds a password", file)
					}
				}
			}
			w.note("no password is in the arguments or the environment of a program, or in a log")
		}})
	c.stage = "all"
	return []faultCase{c}
}
