package datadir

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"golang.org/x/sys/unix"
)

// files are the operations that change the disk, so that a test can stop at each of them. All but Copy and RemoveTree
// happen wholly or not at all.
type files interface {
	// Rename never replaces anything.
	Rename(from, to string) error
	Mkdir(path string, mode fs.FileMode, uid, gid int) error
	Write(path string, data []byte, mode fs.FileMode) error
	// Copy copies a regular file with owner and mode; to must not exist.
	Copy(from, to string) error
	Remove(path string) error
	RemoveTree(path string) error
	Own(path string, o owner) error
	// Sync makes durable what was done in a directory.
	Sync(dir string) error
	// SyncAll makes durable everything on the file system of path.
	SyncAll(path string) error
}

// owner is who has a file, and how; Label is SELinux's, nil for none.
type owner struct {
	UID, GID int
	Mode     fs.FileMode
	Label    []byte
}

const selinux = "security.selinux"

type disk struct{}

var _ files = disk{}

func (disk) Rename(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) { // a file system that can't say it
		if exists(to) {
			err = unix.EEXIST
		} else {
			err = unix.Rename(from, to)
		}
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

func (disk) Mkdir(path string, mode fs.FileMode, uid, gid int) error {
	if err := os.Mkdir(path, 0o700); err != nil {
		return err
	}
	if err := chown(path, uid, gid); err != nil {
		os.Remove(path)
		return err
	}
	return os.Chmod(path, mode)
}

func (disk) Write(path string, data []byte, mode fs.FileMode) error {
	if err := os.WriteFile(path+".part", data, mode); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

func (disk) Copy(from, to string) error {
	part := to + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		uid, gid := ids(st)
		err = chown(part, uid, gid)
	}
	if err == nil {
		err = out.Chmod(st.Mode().Perm())
	}
	if err = errors.Join(err, out.Close()); err != nil {
		os.Remove(part)
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return disk{}.Rename(part, to)
}

func (disk) Remove(path string) error { return os.Remove(path) }

func (disk) RemoveTree(path string) error { return os.RemoveAll(path) }

func (disk) Own(path string, o owner) error {
	if err := chown(path, o.UID, o.GID); err != nil {
		return err
	}
	if o.Label != nil {
		if err := unix.Lsetxattr(path, selinux, o.Label, 0); err != nil {
			return fmt.Errorf("label %s: %w", path, err)
		}
	}
	return os.Chmod(path, o.Mode)
}

func (disk) Sync(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (disk) SyncAll(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(d.Fd())), d.Close())
}

// chown is nothing for an agent that owns the data itself.
func chown(path string, uid, gid int) error {
	if st, err := os.Lstat(path); err == nil {
		if u, g := ids(st); u == uid && g == gid {
			return nil
		}
	}
	return os.Lchown(path, uid, gid)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// containerName is what all directories that a Keeper makes or removes are called: X.seed-7.old, .seed-7.new.
var containerName = regexp.MustCompile(`\.seed-[0-9]+\.(old|new|bad[0-9]*)$`)

// removeTree removes a container of ours and nothing else: never a directory of another name, never through a mount.
func removeTree(f files, path string) error {
	if !exists(path) {
		return nil
	}
	if !containerName.MatchString(path) {
		return fmt.Errorf("remove %s: it is not a directory of a seed", path)
	}
	mounts, err := mountPoints()
	if err != nil {
		return err
	}
	for _, m := range mounts {
		if within(path, m) {
			return fmt.Errorf("remove %s: %s is mounted in it", path, m)
		}
	}
	if err := f.RemoveTree(path); err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return f.Sync(filepath.Dir(path))
}
