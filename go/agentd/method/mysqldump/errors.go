package mysqldump

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// The codes of this method's errors.
const (
	CodeTool        = "dump-tool"           // no dump program that fits the server
	CodeOptions     = "dump-options"        // an option of the configuration that cannot be allowed
	CodeDump        = "dump-failed"         // the dump program ended with an error
	CodeCut         = "dump-incomplete"     // it ended with success, and the dump is not complete
	CodeDiskFull    = "disk-full"           // no space left for the dump
	CodeAccounts    = "accounts-changed"    // accounts on the source changed during the backup
	CodeDamaged     = "dump-damaged"        // the dump on disk is not what was written
	CodeLoad        = "load-failed"         // a statement failed on the target
	CodeConnection  = "mysql-unreachable"   // a server does not answer, or the connection was lost
	CodePrivileges  = "mysql-privileges"    // the target does not know a privilege of the source's accounts
	CodeDefinitions = "definitions-changed" // definitions on the source changed during the backup
	CodeSameServer  = "same-server"         // the target's agent reaches the source's server
	CodeHasReplicas = "target-has-replicas" // others replicate from the target
)

func failed(code, hint string, err error, format string, args ...any) *method.StageError {
	return &method.StageError{Code: code, Text: fmt.Sprintf(format, args...), Hint: hint, Err: err}
}

// diskError turns an error of writing the dump into what a person needs.
func diskError(dir string, written, need int64, err error) error {
	if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
		return err
	}
	hint := fmt.Sprintf("free space below %s or set backup-dir to a larger file system: about %s are needed, it was full after %s",
		dir, method.Size(need), method.Size(written))
	return failed(CodeDiskFull, hint, err, "no space left for the dump in %s", dir)
}

// cause prefers what ended a context to what then failed.
func cause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
