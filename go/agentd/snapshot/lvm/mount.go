package lvm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot"
)

// options are how a snapshot is mounted. Reading is enough: the file system's journal is replayed all the same, because the
// snapshot's device can be written (norecovery or noload would show files as they were before). XFS does not mount a second
// file system of the same id without nouuid.
func options(fileSystem string) string {
	o := "ro,nosuid,nodev,noexec"
	if fileSystem == "xfs" {
		o += ",nouuid"
	}
	return o
}

// Mount makes the files of a snapshot readable and returns where: on point, which must be free or hold this snapshot.
func (l *LVM) Mount(ctx context.Context, s snapshot.Snapshot, point string) (root string, err error) {
	mounts, err := l.o.Mounts()
	if err != nil {
		return "", err
	}
	if m, busy := snapshot.At(mounts, point); busy {
		if s.Path != "" && sameDevice(s.Path, m.Source) {
			return point, nil
		}
		return "", fmt.Errorf("mount %s: %w: %s is mounted at %s", s, snapshot.ErrBusy, m.Source, point)
	}
	if err := os.MkdirAll(point, 0o700); err != nil {
		return "", fmt.Errorf("mount %s: %w", s, err)
	}
	if s.Thin && !s.Made { // may be marked to be left out when volumes are activated
		if _, err := l.o.Commands.Output(context.WithoutCancel(ctx), changeLimit, "lvchange", "--activate", "y", "--ignoreactivationskip", s.Group+"/"+s.Name); err != nil {
			return "", fmt.Errorf("mount %s: %w", s, err)
		}
	}
	if s.FileSystem == "" {
		s.FileSystem = l.fileSystem(ctx, s.Path)
	}
	args := []string{"mount", "-o", options(s.FileSystem)}
	if s.FileSystem != "" {
		args = append(args, "-t", s.FileSystem)
	}
	if _, err := l.o.Commands.Output(context.WithoutCancel(ctx), limit, append(args, s.Path, point)...); err != nil {
		return "", fmt.Errorf("mount %s: %w", s, err)
	}
	return point, nil
}

// fileSystem is what blkid finds on a device; "" leaves it to mount.
func (l *LVM) fileSystem(ctx context.Context, device string) string {
	out, err := l.o.Commands.Output(ctx, limit, "blkid", "-o", "value", "-s", "TYPE", device)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(out)
}

// Unmount frees the mount point, if this snapshot is what is mounted there; nothing there is no error.
func (l *LVM) Unmount(ctx context.Context, s snapshot.Snapshot) error {
	if s.MountPoint == "" {
		return nil
	}
	mounts, err := l.o.Mounts()
	if err != nil {
		return err
	}
	m, found := snapshot.At(mounts, s.MountPoint)
	if !found || !sameDevice(s.Path, m.Source) {
		return nil
	}
	return again(ctx, func() error {
		if _, err := l.o.Commands.Output(context.WithoutCancel(ctx), limit, "umount", s.MountPoint); err != nil {
			return fmt.Errorf("unmount %s: %w", s, err)
		}
		return nil
	})
}

// Remove removes a snapshot that was made for a seed, and no other; one that is gone is no error.
func (l *LVM) Remove(ctx context.Context, s snapshot.Snapshot) error {
	if !s.Made {
		return nil
	}
	return again(ctx, func() error {
		if _, err := l.Check(ctx, s); errors.Is(err, snapshot.ErrNone) {
			return nil
		}
		if _, err := l.o.Commands.Output(context.WithoutCancel(ctx), changeLimit, "lvremove", "--force", s.Group+"/"+s.Name); err != nil {
			return fmt.Errorf("remove snapshot %s: %w", s, err)
		}
		return nil
	})
}

// again tries what fails while something holds the device for a moment, such as udev's look at it.
func again(ctx context.Context, f func() error) error {
	const tries, pause = 5, 500 * time.Millisecond
	for i := 1; ; i++ {
		err := f()
		if err == nil || i == tries {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

// sameDevice compares two names of a device: /dev/vg0/mysql--x and /dev/mapper/vg0-mysql----x are links to one.
func sameDevice(a, b string) bool {
	if a == b {
		return true
	}
	x, errX := filepath.EvalSymlinks(a)
	y, errY := filepath.EvalSymlinks(b)
	if errX == nil && errY == nil {
		return x == y
	}
	return mapperName(a) == b || mapperName(b) == a
}

// mapperName is what /dev/GROUP/NAME is called in /dev/mapper.
func mapperName(path string) string {
	group, name, ok := strings.Cut(strings.TrimPrefix(path, "/dev/"), "/")
	if !ok || strings.Contains(name, "/") {
		return path
	}
	double := func(s string) string { return strings.ReplaceAll(s, "-", "--") }
	return "/dev/mapper/" + double(group) + "-" + double(name)
}

// Volume finds the volume that a caller named by path, by name or by group/name: only what lvs lists is ever used.
func (l *LVM) Volume(ctx context.Context, name string) (agentapi.LogicalVolume, error) {
	volumes, err := l.List(ctx)
	if err != nil {
		return agentapi.LogicalVolume{}, err
	}
	for _, v := range volumes {
		if v.Path != "" && (name == v.Path || name == v.Name || name == v.GroupName+"/"+v.Name) {
			return v, nil
		}
	}
	return agentapi.LogicalVolume{}, fmt.Errorf("%w: %q", ErrNoVolume, name)
}

// ErrNoVolume is an answer of Volume.
var ErrNoVolume = errors.New("no such logical volume")
