package inst

import "strings"

// GrantsNeeded lists the privileges that the topology account needs on a server, as a GRANT statement's list; all are
// global. Nothing in the lists can be left out: without PROCESS, readers of the binary log that did not register as replicas
// stay unseen; without any other, calls fail.
func GrantsNeeded(v Version) string {
	return strings.Join(privileges(v), ", ")
}

func privileges(v Version) []string {
	switch {
	case v.Flavour == MariaDB && v.AtLeast(10, 5):
		return []string{"SELECT", "PROCESS", "RELOAD", "BINLOG MONITOR", "SLAVE MONITOR", "REPLICATION SLAVE ADMIN", "REPLICATION MASTER ADMIN"}
	case v.Flavour == MySQL && v.AtLeast(8, 0):
		return []string{"SELECT", "PROCESS", "RELOAD", "REPLICATION CLIENT", "REPLICATION SLAVE", "REPLICATION_SLAVE_ADMIN", "SYSTEM_VARIABLES_ADMIN"}
	default:
		return []string{"SELECT", "PROCESS", "RELOAD", "REPLICATION SLAVE", "SUPER"}
	}
}
