package lvm

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot"
)

// The codes of this method's errors.
const (
	CodeNoVolume   = "snapshot-no-volume"     // the data directory is on nothing of which a snapshot can be made
	CodeUnfit      = "snapshot-unfit"         // a part of the data would not be in the snapshot, or can't travel
	CodeNoRoom     = "snapshot-no-room"       // the volume group has no space for it
	CodeFull       = "snapshot-full"          // more was written to the volume than the snapshot can hold
	CodeMissing    = "snapshot-missing"       // there is no snapshot to choose, or it is gone
	CodeFailed     = "snapshot-failed"        // a program that makes, mounts, unmounts or removes one failed
	CodeBusy       = "snapshot-mount-busy"    // something else is mounted at the mount point
	CodePosition   = "position-missing"       // the snapshot does not say where it stands in the binary log
	CodeOld        = "snapshot-too-old"       // the source no longer has the binary logs from its position on
	CodeLocked     = "source-locked"          // commits on the source could not be held: something there takes long
	CodePrivileges = "snapshot-privileges"    // the agent may not read the data, or its account may not lock
	CodeConnection = "mysql-unreachable"      // the source's server does not answer
	CodeDamaged    = "copy-damaged"           // what is on the target's disk is not what was sent
	CodeIncomplete = "copy-incomplete"        // not everything arrived
	CodeDiskFull   = "disk-full"              // no space left for the copy
	CodeSchema     = "snapshot-schema-in-way" // a schema has the name of the file that an agent of others needs
)

func failed(code, hint string, err error, format string, args ...any) *method.StageError {
	return &method.StageError{Code: code, Text: fmt.Sprintf(format, args...), Hint: hint, Err: err}
}

func permanently(err *method.StageError) *method.StageError {
	err.Permanent = true
	return err
}

// explained gives an error of a provider its code and what to do about it.
func explained(err error) error {
	var stage *method.StageError
	if err == nil || errors.As(err, &stage) {
		return err
	}
	switch {
	case errors.Is(err, snapshot.ErrNotHere):
		return permanently(failed(CodeNoVolume, "put MySQL's data on a logical volume or a Btrfs subvolume, or use another method", err, "the data directory can't be copied from a snapshot"))
	case errors.Is(err, snapshot.ErrNoRoom):
		return failed(CodeNoRoom, "extend the volume group (vgextend), or remove volumes that nobody needs", err, "no snapshot can be made")
	case errors.Is(err, snapshot.ErrFull):
		return failed(CodeFull, "free more space in the volume group, copy when less is written, or limit less the bandwidth of the seed", err, "the snapshot was lost during the copy")
	case errors.Is(err, snapshot.ErrNone):
		return failed(CodeMissing, "set create-new-snapshot-for-seed = true in [lvm], or make a snapshot whose name holds snapshot-volumes-filter", err, "there is no snapshot to copy from")
	case errors.Is(err, snapshot.ErrBusy):
		return failed(CodeBusy, "unmount it with agent-umount when nothing needs it, or choose another lvm.mount-point", err, "the snapshot can't be mounted")
	}
	return err
}

// diskError turns an error of writing into what a person needs.
func diskError(dir string, err error) error {
	if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
		return err
	}
	return failed(CodeDiskFull, "free space on the file system of "+dir+"; or let the agent erase the old data first (allow-erase)", err, "no space left for the new data")
}

// cause prefers what ended a context to what then failed.
func cause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
