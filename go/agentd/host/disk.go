package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// diskFree is the space that the file system of path has for this process, in bytes.
func diskFree(path string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(path, &st); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", path, err)
	}
	avail := st.Bavail
	if os.Geteuid() == 0 {
		avail = st.Bfree
	}
	return int64(avail) * st.Bsize, nil
}

// DiskFree is the space that the file system of path has for this process, in bytes.
func DiskFree(path string) (int64, error) { return diskFree(path) }

// DiskUsed is the space that the files below path take, in bytes.
func DiskUsed(ctx context.Context, path string) (int64, error) { return diskUsed(ctx, path) }

// diskUsed is the space that the files below path take, in bytes, as du counts: blocks in use, each file once. Files that
// go away meanwhile are left out; path itself may be a symbolic link.
func diskUsed(ctx context.Context, path string) (int64, error) {
	root, err := filepath.EvalSymlinks(path)
	if err != nil {
		return 0, fmt.Errorf("used space: %w", err)
	}
	type inode struct{ dev, ino uint64 }
	linked := map[inode]bool{}
	var total int64
	err = filepath.WalkDir(root, func(_ string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
				return nil
			}
			return err
		}
		info, err := d.Info()
		if err != nil {
			return nil // gone
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return nil
		}
		if st.Nlink > 1 && !d.IsDir() {
			id := inode{uint64(st.Dev), st.Ino}
			if linked[id] {
				return nil
			}
			linked[id] = true
		}
		total += st.Blocks * 512
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("used space of %s: %w", path, err)
	}
	return total, nil
}
