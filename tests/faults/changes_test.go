package faults

import (
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// purgedLogs is fault 19. A copy whose position is that of its end needs nothing of what was purged.
func purgedLogs(k *kit) []faultCase {
	backup := k.hold(agentapi.Backup)
	end := ending{stage: agentapi.ConnectSlave, code: "replication-purged", text: "(?i)purge|1236", hint: "binary log", data: drifted}
	switch {
	case k.late:
		end = completed
	case k.physical:
		end.data = oldData
	}
	return []faultCase{k.held(backup, faultCase{fault: 19, what: "the source's binary logs are purged during the copy", side: "source", end: end,
		fleet: k.filled(sandbox.FillOptions{InnoDBOnly: true}), do: func(w *world) { // other engines' tables keep writers waiting
			w.purgeable()
			open := backup.until(w)
			w.purge()
			open()
			w.end()
		}})}
}

// sourceChanged is fault 20.
func sourceChanged(k *kit) []faultCase {
	backup := k.hold(agentapi.Backup)
	return []faultCase{
		k.held(backup, faultCase{fault: 20, what: "the source is made read-only during the copy, and stays so", side: "source", end: completed, do: func(w *world) {
			open := backup.until(w)
			w.exec(w.f.Source.Server, "SET GLOBAL read_only = ON")
			w.source.vars["read_only"] = "ON" // a seed must not turn it off
			open()
			w.end()
		}}),
		k.held(backup, faultCase{fault: 20, what: "the source becomes a replica of a third server during the copy", side: "source", end: completed, do: func(w *world) {
			third := w.third()
			open := backup.until(w)
			w.follow(third.Server)
			w.until(func() error {
				if channels := w.replication(w.f.Source.Server); len(channels) != 1 || !channels[0].runs {
					return fmt.Errorf("the source does not replicate yet: %v", channels)
				}
				return nil
			})
			w.rereadSource()
			open()
			w.end()
		}}),
	}
}

// follow makes the source a replica of another server, from where its binary log ends now.
func (w *world) follow(s *sandbox.Server) {
	w.t.Helper()
	status, change, words := "SHOW MASTER STATUS", "CHANGE MASTER TO MASTER_USE_GTID = no, ", "MASTER"
	if w.kit.kind.Modern() {
		status, change, words = "SHOW BINARY LOG STATUS", "CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = 0, GET_SOURCE_PUBLIC_KEY = 1, ", "SOURCE"
	}
	at := w.rows(s, status)[0]
	w.exec(w.f.Source.Server, change+fmt.Sprintf("%[1]s_HOST = '%[2]s', %[1]s_PORT = %[3]d, %[1]s_USER = '%[4]s', %[1]s_PASSWORD = '%[5]s', %[1]s_LOG_FILE = '%[6]s', %[1]s_LOG_POS = %[7]s",
		words, s.Host, s.Port, sandbox.ReplicationUser, s.Passwords.Replication, at["File"], at["Position"]), w.kit.startReplica())
}
