package xtrabackup

import (
	"context"
	"errors"
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// The codes of this method's errors.
const (
	CodeTool       = "backup-tool"       // no backup tool that fits the server
	CodeOptions    = "backup-options"    // an option of the configuration that cannot be allowed
	CodePrivileges = "backup-privileges" // the agent's account, or its user, may not do what a backup needs
	CodeUnfit      = "backup-unfit"      // the source has something that this method can't carry
	CodeBackup     = "backup-failed"     // the backup tool ended with an error
	CodeDDL        = "backup-ddl"        // definitions changed on the source during the copy
	CodeIncomplete = "backup-incomplete" // everything ended with success, and the copy is not complete
	CodeUnpack     = "unpack-failed"     // the program that unpacks the stream ended with an error
	CodePrepare    = "prepare-failed"    // the tool could not make a consistent copy of what arrived
	CodePosition   = "position-missing"  // the copy doesn't say where it stands in the binary log
	CodeDiskFull   = "disk-full"         // no space left for the copy
	CodeConnection = "mysql-unreachable" // the source's server does not answer
)

func failed(code, hint string, err error, format string, args ...any) *method.StageError {
	return &method.StageError{Code: code, Text: fmt.Sprintf(format, args...), Hint: hint, Err: err}
}

// permanently says of an error that the same again cannot help.
func permanently(err *method.StageError) *method.StageError {
	err.Permanent = true
	return err
}

func codeOf(err error) string {
	var stage *method.StageError
	if errors.As(err, &stage) {
		return stage.Code
	}
	return ""
}

// cause prefers what ended a context to what then failed.
func cause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
