package quiet

import (
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// The codes of this package's errors about servers of MySQL.
const (
	CodeServer     = "quiet-start"       // the server can't be kept from working on the copy as the source does
	CodePrivileges = "quiet-privileges"  // the agent's account lacks a privilege for that
	CodeReplicated = "copy-replicated"   // the copy replicated from the source's source before anyone could stop it
	CodeConnection = "mysql-unreachable" // the server does not answer, or the connection was lost
)

// queryError is an error of a statement: a lack of privileges is told as such.
func queryError(err error, doing string) error {
	switch host.Errno(err) {
	case 0:
		return &method.StageError{Code: CodeConnection, Err: err, Text: doing, Hint: "see the server's error log"}
	case 1044, 1142, 1143, 1227:
		return &method.StageError{Code: CodePrivileges, Err: err, Text: doing,
			Hint: "before the swap the target's account of the agent needs SYSTEM_VARIABLES_ADMIN and PERSIST_RO_VARIABLES_ADMIN, after it the source's needs them too, and " +
				"REPLICATION_SLAVE_ADMIN, EVENT and SET_ANY_DEFINER (before 8.2 SET_USER_ID); grant what lacks, then retry the seed"}
	case 3549:
		return &method.StageError{Code: CodeServer, Err: err, Text: doing + ": MySQL can't write into its data directory; is it read-only, or full?",
			Hint: "see that MySQL can write mysqld-auto.cnf in its data directory, then retry the seed"}
	}
	return fmt.Errorf("%s: %w", doing, err)
}
