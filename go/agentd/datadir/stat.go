package datadir

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

func ids(st fs.FileInfo) (uid, gid int) {
	sys := st.Sys().(*syscall.Stat_t)
	return int(sys.Uid), int(sys.Gid)
}

// device is the number of the file system of path; 0 when that can't be told.
func device(path string) uint64 {
	st, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return uint64(st.Sys().(*syscall.Stat_t).Dev)
}

// label is SELinux's label of a file; nil when there is none.
func label(path string) []byte {
	b := make([]byte, 1024)
	n, err := unix.Lgetxattr(path, selinux, b)
	if err != nil || n <= 0 {
		return nil
	}
	return b[:n]
}
