package xtrabackup

import (
	"fmt"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// ended judges how the backup tool ended: only exit status 0 together with its own closing words is success.
func (t *tool) ended(err error, messages *said) error {
	text := messages.errors()
	switch {
	case err != nil && messages.completed():
		return failed(CodeBackup, "its words of success don't count against its exit status; see the source's error log", err, "%s said that it was complete, and failed", t.name())
	case err != nil:
		return t.why(fmt.Errorf("%w: %s", err, text), text, "%s failed", t.name())
	case !messages.completed():
		return failed(CodeIncomplete, "see the source's error log: did the server go away?", nil, "%s ended with success, but without saying that it was complete; its last words: %s", t.name(), text)
	}
	return nil
}

// reasons are what the tools' usual errors mean; the first that is found counts.
var reasons = []struct {
	words     string // in lower case
	code      string
	hint      string
	permanent bool
}{
	{"missing required privilege", CodePrivileges, "docs/methods/xtrabackup.md lists the privileges that the agent's account needs on the source", true},
	{"access denied", CodePrivileges, "docs/methods/xtrabackup.md lists the privileges that the agent's account needs on the source", true},
	{"was executed during backup", CodeDDL, "a table was rebuilt on the source during the copy: the next attempt may succeed; keep ALTER and OPTIMIZE TABLE away for that time", false},
	{"optimized (without redo logging) ddl", CodeDDL, "a table was rebuilt on the source during the copy: the next attempt may succeed; keep ALTER and OPTIMIZE TABLE away for that time", false},
	{"ddl operation has been performed", CodeDDL, "a table was rebuilt on the source during the copy: the next attempt may succeed; keep ALTER and OPTIMIZE TABLE away for that time", false},
	{"was dropped during backup", CodeDDL, "a table was dropped on the source during the copy: the next attempt may succeed", false},
	{"unsupported server version", CodeTool, "install the version of the tool that fits the server", true},
	{"unsupported redo log format", CodeTool, "install the version of the tool that fits the server", true},
	{"try increasing innodb_log_file_size", CodeBackup, "the source overwrote its log before it was copied: make innodb_log_file_size larger there, or copy when less is written", false},
	{"log block numbers mismatch", CodeBackup, "the source overwrote its log before it was copied: make innodb_log_file_size larger there, or copy when less is written", false},
	{"too many open files", CodeBackup, "raise the limit of open files of the agent (LimitNOFILE in its unit) above the number of the source's tables", true},
	{"error number 24", CodeBackup, "raise the limit of open files of the agent (LimitNOFILE in its unit) above the number of the source's tables", true},
	{"unable to obtain lock", CodeBackup, "something on the source holds a lock for longer than the configured time: see SHOW PROCESSLIST there", false},
	{"lock wait timeout", CodeBackup, "something on the source holds a lock for longer than its lock_wait_timeout: see SHOW PROCESSLIST there", false},
	{"corruption detected", CodeBackup, "a page on the source's disk is damaged: check its tables before anything else", false},
	{"corrupt", CodeBackup, "a page on the source's disk may be damaged: check its tables before anything else", false},
	{"broken pipe", CodeBackup, "the target stopped receiving: its agent's state says why", false},
	{"failed to connect to", CodeConnection, "see that the source's MySQL runs, and what its error log says", false},
	{"server has gone away", CodeConnection, "the source's server ended, or the connection to it: see its error log", false},
	{"lost connection", CodeConnection, "the source's server ended, or the connection to it: see its error log", false},
	{"unknown option", CodeOptions, "the tool of this version doesn't know an option of xtrabackup-addtional-opts", true},
	{"unknown variable", CodeOptions, "the tool of this version doesn't know an option of xtrabackup-addtional-opts", true},
	{"no space left", CodeDiskFull, "free space in the source's backup-dir, where the tool keeps temporary files", false},
}

func (t *tool) why(err error, text, format string, args ...any) *method.StageError {
	low := strings.ToLower(text)
	for _, r := range reasons {
		if strings.Contains(low, r.words) {
			e := failed(r.code, r.hint, err, format, args...)
			e.Permanent = r.permanent
			return e
		}
	}
	return failed(CodeBackup, "these are the tool's own words; the end of the source's error log (agent-mysql-error-log) may say more", err, format, args...)
}
