package inst

import (
	"errors"
	"fmt"
	"strings"
)

// Error is what every call of Topology returns: what was being done, where, what happened and what to do. Its Error text is
// a sentence without the hint, and never holds a password.
type Error struct {
	Code      string // stable, lower-case-with-dashes
	Op        string // "connect replica"
	Host      string // host:port of the server concerned
	Text      string // what happened; goes before Err when both are set
	Hint      string // what a person can do
	Permanent bool   // trying again cannot help
	Err       error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Host != "" {
		fmt.Fprintf(&b, " on %s", e.Host)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	b.WriteString(e.Text)
	if e.Err != nil {
		if e.Text != "" {
			b.WriteString(": ")
		}
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// Retryable says whether doing the same again may help.
func (e *Error) Retryable() bool { return !e.Permanent }

// Codes of the errors of this package.
const (
	CodeUnreachable    = "mysql-unreachable"       // no connection, or it broke, or the deadline passed
	CodeCredentials    = "mysql-credentials"       // the server does not let the topology account in
	CodeGrants         = "mysql-grants"            // the topology account may not do what is needed
	CodeQuery          = "mysql-query"             // the server refused a statement
	CodeRefused        = "replica-refused"         // the target must not be touched
	CodePosition       = "replication-position"    // the position of the copy can't be used
	CodeReplCredential = "replication-credentials" // replication account missing or refused
	CodeReplication    = "replication-error"       // a replication thread stopped with an error
	CodePurged         = "replication-purged"      // the source no longer has the binary logs (1236)
	CodeDrift          = "replication-drift"       // replica's data differs from the source's (1062, 1032, ...)
	CodeLag            = "replica-lag"             // the replica does not catch up
	CodeNotReplica     = "not-a-replica"
	CodeLocked         = "replication-locked" // the applier waits for a lock, so that replication can't be stopped
)

// ErrNotReplica is wrapped by the error of ReplicaState.
var ErrNotReplica = errors.New("server is not a replica of that source")
