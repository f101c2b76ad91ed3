package btrfs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot"
)

const limit = time.Minute // of one run of the program

// group is what stands for the volume group in the facts of a machine.
const group = "btrfs"

// Options of Btrfs. Commands is needed.
type Options struct {
	Commands snapshot.Commands
	Filter   string // part of the names of snapshots for seeds
	Mounts   func() ([]snapshot.Mount, error)
}

// Btrfs is the provider. It holds no state and may be used from many goroutines.
type Btrfs struct{ o Options }

// New makes a Btrfs; nothing is run yet.
func New(o Options) *Btrfs {
	if o.Mounts == nil {
		o.Mounts = snapshot.Mounts
	}
	return &Btrfs{o: o}
}

// Kind is btrfs.
func (b *Btrfs) Kind() snapshot.Kind { return snapshot.Btrfs }

// Find finds the subvolume in which all dirs lie (absolute, links resolved). The error wraps snapshot.ErrNotHere when they
// are on another file system.
func (b *Btrfs) Find(ctx context.Context, dirs []string) (snapshot.Volume, error) {
	v, err := b.find(dirs)
	if err != nil {
		return v, err
	}
	for _, dir := range dirs {
		if err := whole(ctx, dir); err != nil {
			return v, err
		}
	}
	return v, nil
}

func (b *Btrfs) find(dirs []string) (snapshot.Volume, error) {
	mounts, err := b.o.Mounts()
	if err != nil {
		return snapshot.Volume{}, err
	}
	m, _, err := snapshot.On(mounts, dirs)
	if err != nil {
		return snapshot.Volume{}, err
	}
	if m.FileSystem != "btrfs" {
		return snapshot.Volume{}, fmt.Errorf("%s is %s: %w", m.Point, m.FileSystem, snapshot.ErrNotHere)
	}
	v := snapshot.Volume{Kind: snapshot.Btrfs, FileSystem: "btrfs", Mount: m.Point}
	for i, dir := range dirs {
		root, err := subvolume(dir)
		if err != nil {
			return v, err
		}
		if i > 0 && root != v.Name {
			return v, fmt.Errorf("%s lies in the subvolume %s and %s in %s: %w", dirs[0], v.Name, dir, root, snapshot.ErrUnfit)
		}
		rel, err := filepath.Rel(root, dir)
		if err != nil {
			return v, err
		}
		v.Name, v.Inside = root, append(v.Inside, rel)
	}
	return v, nil
}

// subvolume is the root of the subvolume in which a directory lies.
func subvolume(dir string) (string, error) {
	for at := dir; ; at = filepath.Dir(at) {
		is, err := isSubvolume(at)
		if err != nil {
			return "", err
		}
		if is {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s: no subvolume is found", dir)
		}
	}
}

// rootInode is the inode number of the root directory of every subvolume.
const rootInode = 256

func isSubvolume(dir string) (bool, error) {
	var st syscall.Stat_t
	if err := syscall.Stat(dir, &st); err != nil {
		return false, fmt.Errorf("look at %s: %w", dir, err)
	}
	if st.Ino != rootInode || st.Mode&syscall.S_IFMT != syscall.S_IFDIR {
		return false, nil
	}
	var f syscall.Statfs_t
	if err := syscall.Statfs(dir, &f); err != nil {
		return false, fmt.Errorf("look at %s: %w", dir, err)
	}
	const magic = 0x9123683e
	return f.Type == magic, nil
}

// whole refuses a directory with subvolumes in it, snapshots of ours left out.
func whole(ctx context.Context, dir string) error {
	return filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, fs.ErrNotExist):
			return nil // a table that was dropped
		case err != nil:
			return err
		case !d.IsDir() || p == dir:
			return nil
		case strings.HasPrefix(d.Name(), hiddenPrefix):
			return fs.SkipDir
		}
		is, err := isSubvolume(p)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if is {
			return fmt.Errorf("%s is a subvolume inside of %s: %w", p, dir, snapshot.ErrUnfit)
		}
		return nil
	})
}

// hiddenPrefix begins the name of a snapshot that has to be inside of the subvolume. Servers take directories that begin so
// for no schemas.
const hiddenPrefix = ".orchestrator-seed-"

// Plan decides the place of a snapshot; nothing is made.
func (b *Btrfs) Plan(v snapshot.Volume, seedID int64, random string) (snapshot.Snapshot, error) {
	s := snapshot.Snapshot{Kind: snapshot.Btrfs, Origin: v.Name, Made: true, Inside: v.Inside}
	s.Name = snapshot.NameFor(filepath.Base(v.Name), b.filter(), seedID, random)
	s.Path = filepath.Join(filepath.Dir(v.Name), s.Name)
	if v.Name == v.Mount || v.Name == "/" {
		s.Name = hiddenPrefix + s.Name
		s.Path = filepath.Join(v.Name, s.Name)
	}
	return s, nil
}

// Create makes a planned snapshot, which can only be read.
func (b *Btrfs) Create(ctx context.Context, s snapshot.Snapshot) error {
	if _, err := b.o.Commands.Output(context.WithoutCancel(ctx), limit, "btrfs", "subvolume", "snapshot", "-r", s.Origin, s.Path); err != nil {
		return fmt.Errorf("make snapshot %s: %w", s, err)
	}
	return nil
}

// Newest is the newest snapshot of the subvolume, beside it or in it, that has the filter in its name.
func (b *Btrfs) Newest(ctx context.Context, of snapshot.Volume) (snapshot.Snapshot, error) {
	all, err := b.snapshots(ctx, of)
	if err != nil {
		return snapshot.Snapshot{}, fmt.Errorf("look for snapshots: %w", err)
	}
	if len(all) == 0 {
		return snapshot.Snapshot{}, fmt.Errorf("%w of %s has %q in its name", snapshot.ErrNone, of, b.filter())
	}
	return slices.MaxFunc(all, func(x, y snapshot.Snapshot) int {
		return cmp.Or(x.CreatedAt.Compare(y.CreatedAt), cmp.Compare(x.Name, y.Name))
	}), nil
}

func (b *Btrfs) filter() string { return cmp.Or(b.o.Filter, "snapshot") }

func (b *Btrfs) snapshots(ctx context.Context, of snapshot.Volume) ([]snapshot.Snapshot, error) {
	origin, err := b.show(ctx, of.Name)
	if err != nil {
		return nil, err
	}
	var all []snapshot.Snapshot
	for _, dir := range []string{filepath.Dir(of.Name), of.Name} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if !e.IsDir() || path == of.Name || !strings.Contains(e.Name(), b.filter()) {
				continue
			}
			if is, err := isSubvolume(path); err != nil || !is {
				continue
			}
			d, err := b.show(ctx, path)
			if err != nil {
				return nil, err
			}
			if d.parent == origin.uuid {
				all = append(all, snapshot.Snapshot{Kind: snapshot.Btrfs, Name: e.Name(), Path: path, Origin: of.Name, Inside: of.Inside, CreatedAt: d.created})
			}
		}
	}
	return all, nil
}

// Mount returns where the files of a snapshot are; nothing is mounted.
func (b *Btrfs) Mount(_ context.Context, s snapshot.Snapshot, _ string) (root string, err error) {
	if is, err := isSubvolume(s.Path); err != nil || !is {
		return "", errors.Join(fmt.Errorf("%s is no snapshot", s.Path), err)
	}
	return s.Path, nil
}

// Unmount has nothing to do.
func (b *Btrfs) Unmount(context.Context, snapshot.Snapshot) error { return nil }

// Check says whether a snapshot is there; it can't become full.
func (b *Btrfs) Check(_ context.Context, s snapshot.Snapshot) (float64, error) {
	is, err := isSubvolume(s.Path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !is {
		return 0, fmt.Errorf("%s is gone: %w", s, snapshot.ErrNone)
	}
	return 0, err
}

// Remove removes a snapshot that was made for a seed, and no other; one that is gone is no error.
func (b *Btrfs) Remove(ctx context.Context, s snapshot.Snapshot) error {
	if !s.Made {
		return nil
	}
	if _, err := b.Check(ctx, s); errors.Is(err, snapshot.ErrNone) {
		return nil
	}
	if _, err := b.o.Commands.Output(context.WithoutCancel(ctx), limit, "btrfs", "subvolume", "delete", s.Path); err != nil {
		return fmt.Errorf("remove snapshot %s: %w", s, err)
	}
	return nil
}

// List is the subvolume in which dir lies and the snapshots beside it, told as logical volumes are; nothing when dir is on
// another file system.
func (b *Btrfs) List(ctx context.Context, dir string) ([]agentapi.LogicalVolume, error) {
	v, err := b.find([]string{dir})
	if errors.Is(err, snapshot.ErrNotHere) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	facts := []agentapi.LogicalVolume{{Name: filepath.Base(v.Name), GroupName: group, Path: v.Name}}
	all, err := b.snapshots(ctx, v)
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		facts = append(facts, agentapi.LogicalVolume{Name: s.Name, GroupName: group, Path: s.Path, IsSnapshot: true, CreatedAt: s.CreatedAt})
	}
	return facts, nil
}
