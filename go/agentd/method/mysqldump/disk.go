package mysqldump

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// rememberDatadir is the journal's key for the directory of the target's data.
const rememberDatadir = "datadir"

// lowSpace is so little free space, in bytes, that whatever failed there failed for want of it.
const lowSpace = 32 << 20

// knowDatadir remembers where the target's data lie, for a time when the server can't be asked.
func (l *loader) knowDatadir(ctx context.Context) error {
	var dir string
	if err := l.db.QueryRowContext(ctx, "SELECT @@GLOBAL.datadir").Scan(&dir); err != nil {
		return loadError(err, "reading datadir")
	}
	return l.w.Run.Remember(rememberDatadir, dir)
}

// onFullDisk says of a failed load that the disk of the target's data is full, when it is: servers have a dozen ways to say
// so, and some go down of it.
func onFullDisk(w *method.Work, err error) error {
	var stage *method.StageError
	if err == nil || errors.As(err, &stage) && stage.Code == CodeDiskFull {
		return err
	}
	var dir string
	if found, recallErr := w.Run.Recall(rememberDatadir, &dir); recallErr != nil || !found {
		return err
	}
	var fs syscall.Statfs_t
	if syscall.Statfs(dir, &fs) != nil || fs.Bavail*uint64(fs.Bsize) >= lowSpace {
		return err
	}
	return failed(CodeDiskFull, fmt.Sprintf("free space in the target's data directory, %s, start MySQL there if it went down, then agent-retry-seed", dir), err,
		"no space left for the target's data, %s are free", method.Size(int64(fs.Bavail)*fs.Bsize))
}
