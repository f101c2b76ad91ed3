package cloneplugin

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// The codes of this method's errors.
const (
	CodeConnection = "mysql-unreachable"   // a server does not answer, or the connection was lost
	CodeServer     = "clone-server"        // a server that can't clone or be cloned
	CodePlugin     = "clone-plugin"        // the clone plugin is not there, or can't be installed
	CodePrivileges = "clone-privileges"    // the account lacks a privilege
	CodeAccount    = "clone-account"       // the source has no account that lets the agent in on the target
	CodeSettings   = "clone-settings"      // a clone_* setting that the server refuses
	CodeMismatch   = "clone-mismatch"      // two servers between which CLONE does not work
	CodeEngines    = "clone-engines"       // rows in tables that a clone leaves empty
	CodeOutside    = "clone-outside"       // files of the source outside of its data directory
	CodeDonor      = "clone-donor"         // the source refused, or went away
	CodeFailed     = "clone-failed"        // the target's server ended the clone with an error
	CodeDirectory  = "clone-directory"     // the target's server can't write where the clone is to be
	CodeDiskFull   = "disk-full"           // no space for the clone
	CodeBusy       = "clone-busy"          // another clone runs in one of the servers
	CodeStart      = "clone-start"         // the server did not come up on the clone
	CodeSameServer = "same-server"         // the target's agent reaches the source's server
	CodeReplicas   = "target-has-replicas" // others replicate from the target
	CodeIncomplete = "clone-incomplete"    // there is no complete clone
)

func failed(code, hint string, err error, format string, args ...any) *method.StageError {
	return &method.StageError{Code: code, Text: fmt.Sprintf(format, args...), Hint: hint, Err: err}
}

func permanent(code, hint string, err error, format string, args ...any) *method.StageError {
	e := failed(code, hint, err, format, args...)
	e.Permanent = true
	return e
}

// Numbers of the server's errors that mean something here.
const (
	errNetworkMin       = 1158 // to errNetworkMax: reading and writing of packets
	errNetworkMax       = 1161
	errLost             = 2013
	errNoSuchThread     = 1094
	errCannotCreate     = 1006
	errDirectoryExists  = 1007
	errCannotWrite      = 1026
	errDiskFull         = 1021
	errUnknownVariable  = 1193
	errNoPrivilege      = 1227
	errAborted          = 1317
	errFileExists       = 1086
	errBadPath          = 1525
	errPluginMissing    = 1524
	errPluginBusy       = 1883
	errPathInDatadir    = 3632
	errRestartFailed    = 3707
	errDonor            = 3862
	errProtocol         = 3863
	errCloneMismatchMin = 3864 // to errCloneMismatchMax: version, platform, character set, settings, plugins
	errCloneMismatchMax = 3872
	errDDLInProgress    = 3633
	errTooManyClones    = 3634
	errCloneInProgress  = 3874
	errCloneDiskSpace   = 3873
	errDonorList        = 3869
	errSmallPacket      = 3957
)

// cloneError turns the error of a CLONE statement into what a person needs.
func cloneError(number uint16, text string, err error) error {
	low := strings.ToLower(text)
	switch {
	case number == errDonor, number == errProtocol, number >= errNetworkMin && number <= errNetworkMax, number == errLost:
		return donorError(low, err)
	case number == errCloneDiskSpace, number == errDiskFull, strings.Contains(low, "no space left"), strings.Contains(low, "errno: 28"):
		return failed(CodeDiskFull, "free space on the file system of the target's data directory, or set allow-erase = true there to let the clone replace the old data", err,
			"no space for the clone on the target")
	case number == errCannotCreate, number == errPathInDatadir, number == errCannotWrite:
		return failed(CodeDirectory, "the user that MySQL runs as must be able to write beside the data directory; an AppArmor or SELinux profile of mysqld, and "+
			"ProtectSystem or ReadWritePaths of its service, must allow that directory too", err, "the target's MySQL can't write into the directory for the clone")
	case number == errDDLInProgress:
		return failed(CodeDonor, "tables were changed on the source while it was cloned; the next attempt may succeed, and clone_block_ddl = ON on the source keeps such statements waiting", err,
			"DDL on the source ended the clone")
	case number == errTooManyClones, number == errCloneInProgress:
		return failed(CodeBusy, "a server takes part in one clone at a time: wait for the other one", err, "another clone runs")
	case number == errFileExists, number == errBadPath:
		return permanent(CodeOutside, outsideHint, err, "a tablespace of the source lies outside of its data directory")
	case number == errSmallPacket:
		return permanent(CodeMismatch, "set max_allowed_packet to 2M or more on both servers", err, "max_allowed_packet is too small to clone")
	case number == errPluginMissing:
		return failed(CodePlugin, "INSTALL PLUGIN clone SONAME 'mysql_clone.so'", err, "the clone plugin is not active on the target")
	case number >= errCloneMismatchMin && number <= errCloneMismatchMax:
		return permanent(CodeMismatch, "version, platform, character sets, innodb_page_size, innodb_data_file_path and active plugins must be alike on both servers", err,
			"the target can't be cloned from this source")
	case number == 0:
		return failed(CodeConnection, "see the end of the target's error log: did its MySQL stop or restart?", err, "the connection to the target's MySQL was lost while it cloned")
	}
	return failed(CodeFailed, "the end of the target's error log (agent-mysql-error-log) may say more", err, "the target's MySQL ended the clone with an error")
}

// codeNotStarted is the keeper's: the server does not start on the new data.
const codeNotStarted = "mysql-start-failed"

// startError tells a disk that ran full when the server was first started on the clone, as the end of its log says: what that
// start had begun to change in the clone is cut off, and no further start can mend it.
func startError(err error) error {
	var e *method.StageError
	if !errors.As(err, &e) || e.Code != codeNotStarted {
		return err
	}
	low := strings.ToLower(e.Hint + " " + err.Error())
	if !strings.Contains(low, "no space left") && !strings.Contains(low, "error 28") && !strings.Contains(low, "errno: 28") && !strings.Contains(low, "disk is full") {
		return err
	}
	return permanent(CodeDiskFull, "free space on the file system of the target's data directory, have the old data put back with agent-release-seed, "+
		"then start a new seed: a retry of this one would start MySQL on a clone that is spoilt", err, "the disk ran full when MySQL was started on the clone")
}

// donorError tells apart what the recipient reports as one: what the donor said, or that it was not reached.
func donorError(low string, err error) error {
	switch {
	case strings.Contains(low, "1045"):
		return failed(CodeDonor, "the agent's account must be on the source with the same password as in the target's agent configuration", err,
			"the source did not let the agent's account in")
	case strings.Contains(low, "1227"):
		return failed(CodePrivileges, "GRANT BACKUP_ADMIN ON *.* TO the agent's account on the source", err, "the agent's account may not clone the source")
	case strings.Contains(low, "1524"):
		return failed(CodePlugin, "INSTALL PLUGIN clone SONAME 'mysql_clone.so' on the source, or let its agent do it (install-plugin)", err,
			"the clone plugin is not active on the source")
	case strings.Contains(low, "concurrent clone"):
		return failed(CodeBusy, "a server takes part in one clone at a time: wait for the other one", err, "another clone reads from the source")
	case strings.Contains(low, "backup lock"), strings.Contains(low, "1205"):
		return failed(CodeDonor, "see clone_ddl_timeout and clone_block_ddl, and what holds locks on the source", err, "the source waited too long for a running DDL statement")
	}
	return failed(CodeDonor, "see that the source's MySQL runs and is reached from the target's host, and the end of both error logs", err,
		"the source went away or refused to be cloned")
}

func connectionError(err error, what string) error {
	return failed(CodeConnection, "see that it runs and that the agent's account may log in", err, "no connection to %s", what)
}

// queryError is an error of a statement: a lack of privileges is told as such.
func queryError(err error, doing string) error {
	switch host.Errno(err) {
	case 0:
		return failed(CodeConnection, "see the server's error log", err, "%s", doing)
	case 1044, 1142, 1143, errNoPrivilege:
		return permanent(CodePrivileges, "grant the agent's account what docs/methods/cloneplugin.md lists", err, "%s", doing)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// cause prefers what ended a context to what then failed.
func cause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
