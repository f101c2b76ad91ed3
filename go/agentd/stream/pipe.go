package stream

import (
	"os"

	"golang.org/x/sys/unix"
)

// pipeSize is what a tool's pipe is widened to; the system's bound for users without privileges.
const pipeSize = 1 << 20

// widen makes a tool's pipe hold more, so that both sides wait less for each other; no more than a wish.
func widen(pipe any) {
	f, ok := pipe.(*os.File)
	if !ok {
		return
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeSize)
	})
}
