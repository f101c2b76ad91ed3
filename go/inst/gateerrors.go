package inst

import (
	"fmt"
	"strings"
)

// judged is what an error number of a replication thread means.
type judged struct {
	verdict Verdict
	code    string
	hint    string
}

const (
	hintDrift = "the copy does not match its position in the source's binary log, or someone wrote to the target: seed again, and keep applications off the target"
	hintLogin = "check ReplicationCredentialsQuery, or the replication user and password of the configuration, and that this account may log in from the target with REPLICATION SLAVE; then retry the seed"
	hintTLS   = "source and target can't agree on TLS: compare tls_version, certificates and the replication account's REQUIRE clause; then retry the seed"
)

// ioErrors are the errors of the thread that fetches. What is not listed is failed, without being permanent.
var ioErrors = map[int]judged{
	1236:  {GatePermanent, CodePurged, hintPurged},
	13114: {GatePermanent, CodePurged, hintPurged},
	1789:  {GatePermanent, CodePurged, hintPurged}, // source has purged required GTIDs
	1593:  {GatePermanent, CodeReplication, hintFatal},
	13117: {GatePermanent, CodeReplication, hintFatal},

	1044: {GateFailed, CodeReplCredential, hintLogin},
	1045: {GateFailed, CodeReplCredential, hintLogin},
	1130: {GateFailed, CodeReplCredential, hintLogin},
	1142: {GateFailed, CodeReplCredential, hintLogin},
	1227: {GateFailed, CodeReplCredential, hintLogin},
	1524: {GateFailed, CodeReplCredential, hintLogin}, // plugin is not loaded
	1698: {GateFailed, CodeReplCredential, hintLogin},
	1862: {GateFailed, CodeReplCredential, hintLogin}, // password expired
	2049: {GateFailed, CodeReplCredential, hintLogin},
	2059: {GateFailed, CodeReplCredential, hintLogin}, // authentication plugin can't be loaded
	3118: {GateFailed, CodeReplCredential, hintLogin}, // account is locked
	4151: {GateFailed, CodeReplCredential, hintLogin},
	2061: {GateFailed, CodeReplCredential, "the replication account's authentication needs TLS, or the source's public key: " + hintLogin},
	3159: {GateFailed, CodeReplCredential, "the source takes TLS connections only (require_secure_transport): " + hintTLS},
	2026: {GateFailed, CodeReplication, hintTLS},

	1040: {GateWaiting, "", ""}, // too many connections
	1053: {GateWaiting, "", ""}, // source shuts down
	1129: {GateFailed, CodeReplication, "the source blocks the target after failed connections: run FLUSH HOSTS there, then retry the seed"},
	1158: {GateWaiting, "", ""},
	1159: {GateWaiting, "", ""},
	1160: {GateWaiting, "", ""},
	1161: {GateWaiting, "", ""},
	1203: {GateWaiting, "", ""},
	2002: {GateWaiting, "", ""},
	2003: {GateWaiting, "", ""},
	2005: {GateWaiting, "", ""},
	2006: {GateWaiting, "", ""},
	2012: {GateWaiting, "", ""},
	2013: {GateWaiting, "", ""},
	2055: {GateWaiting, "", ""},
}

const hintFatal = "source and target do not fit each other: compare server_id, server_uuid (auto.cnf), gtid_mode and binlog settings"

// sqlErrors are the errors of the thread that applies: those that say that the data is not what the position promises.
var sqlErrors = map[int]judged{
	1007: {GatePermanent, CodeDrift, hintDrift}, // database exists
	1008: {GatePermanent, CodeDrift, hintDrift},
	1032: {GatePermanent, CodeDrift, hintDrift}, // row not found
	1049: {GatePermanent, CodeDrift, hintDrift},
	1050: {GatePermanent, CodeDrift, hintDrift}, // table exists
	1051: {GatePermanent, CodeDrift, hintDrift},
	1054: {GatePermanent, CodeDrift, hintDrift},
	1060: {GatePermanent, CodeDrift, hintDrift},
	1061: {GatePermanent, CodeDrift, hintDrift},
	1062: {GatePermanent, CodeDrift, hintDrift}, // duplicate key
	1091: {GatePermanent, CodeDrift, hintDrift},
	1146: {GatePermanent, CodeDrift, hintDrift},
	1396: {GatePermanent, CodeDrift, hintDrift}, // account exists, or does not
	1452: {GatePermanent, CodeDrift, hintDrift},
	1677: {GatePermanent, CodeDrift, hintDrift}, // column's type differs
}

// JudgeErrors looks at the errors that the threads show; bad is false when they may be waited out or there are none.
func JudgeErrors(s ReplicaState) (j Judgement, bad bool) {
	if s.LastSQLErrno != 0 && !s.SQLRunning {
		known, ok := sqlErrors[s.LastSQLErrno]
		if !ok {
			known = judged{GateFailed, CodeReplication, "see the error, mend its cause on the target, then retry the seed"}
		}
		return known.judgement("applying the source's changes", s.LastSQLErrno, s.LastSQLError), true
	}
	if s.LastIOErrno == 0 || s.IORunning {
		return j, false
	}
	known, ok := ioErrors[s.LastIOErrno]
	switch {
	case !ok && s.IOState == "Connecting":
		return j, false // it tries again by itself
	case !ok:
		known = judged{GateFailed, CodeReplication, "see the error, mend its cause, then retry the seed"}
	case known.code == CodePurged && !strings.Contains(s.LastIOError, "purge") && strings.Contains(s.LastIOError, "same server_uuid/server_id"):
		known.code, known.hint = CodeReplication, "another replica of the source has the target's server_id or server_uuid: give it one of its own"
	case known.verdict == GateWaiting && s.IOState == "No":
		known = judged{GateFailed, CodeReplication, "the replica gave up connecting to its source: check that it can be reached from the target, then retry the seed"}
	}
	if known.verdict == GateWaiting {
		return j, false
	}
	return known.judgement("reading the source's binary log", s.LastIOErrno, s.LastIOError), true
}

func (k judged) judgement(doing string, number int, text string) Judgement {
	return Judgement{Verdict: k.verdict, Code: k.code, Hint: k.hint, Text: fmt.Sprintf("replication stopped %s: error %d: %s", doing, number, shorten(text, 1000))}
}
