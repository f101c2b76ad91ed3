package snapshot

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// Kind names a provider.
type Kind string

// The providers.
const (
	LVM   Kind = "lvm"
	Btrfs Kind = "btrfs"
)

// Commands runs a program of the system to its end, with the rights that are configured, and returns what it printed.
type Commands interface {
	Output(ctx context.Context, limit time.Duration, args ...string) (string, error)
}

// Volume is the one volume on which directories lie.
type Volume struct {
	Kind       Kind
	Group      string // LVM: the volume group
	Name       string // LVM: the logical volume; Btrfs: the subvolume's directory
	FileSystem string // xfs, ext4, btrfs ...
	Mount      string // where it is mounted
	Size       int64  // bytes; 0 where it has none of its own
	Free       int64  // bytes that a snapshot may take
	Thin       bool   // LVM: it lies in a thin pool
	// Inside are the directories that were asked for, from the root of the volume.
	Inside []string
}

// String is how people call it.
func (v Volume) String() string {
	if v.Group != "" {
		return v.Group + "/" + v.Name
	}
	return v.Name
}

// Snapshot is one snapshot, as it stands in the journal from before it is made until after it is removed.
type Snapshot struct {
	Kind   Kind
	Group  string `json:",omitempty"` // LVM: the volume group
	Name   string
	Path   string // LVM: the device; Btrfs: the directory
	Origin string // the volume's name
	Made   bool   // for this seed: it is removed when it is no longer needed
	Size   int64  `json:",omitempty"` // bytes that are set aside for what changes; 0: none
	Thin   bool   `json:",omitempty"`
	// FileSystem and MountPoint say how it is mounted; "" when its files are at Path itself.
	FileSystem string    `json:",omitempty"`
	MountPoint string    `json:",omitempty"`
	Inside     []string  // as of the volume
	CreatedAt  time.Time `json:",omitzero"`
}

// String is how people call it.
func (s Snapshot) String() string {
	if s.Group != "" {
		return s.Group + "/" + s.Name
	}
	return s.Path
}

// Dirs are the directories of the server in a snapshot whose files are at root.
func (s Snapshot) Dirs(root string) []string {
	dirs := make([]string, len(s.Inside))
	for i, d := range s.Inside {
		dirs[i] = filepath.Join(root, d)
	}
	return dirs
}

// Errors of providers.
var (
	// ErrNotHere: the directories do not lie on a volume of this kind.
	ErrNotHere = errors.New("not on such a volume")
	// ErrUnfit: no one snapshot can hold them.
	ErrUnfit = errors.New("one snapshot cannot hold it all")
	// ErrNoRoom: there is no space for a snapshot.
	ErrNoRoom = errors.New("no room for a snapshot")
	// ErrFull: the snapshot holds no longer what it held when it was made.
	ErrFull = errors.New("the snapshot is full")
	// ErrNone: there is no snapshot that could be used.
	ErrNone = errors.New("no snapshot")
	// ErrBusy: the mount point is in use.
	ErrBusy = errors.New("the mount point is in use")
)

// On finds the one mount on which all dirs lie, and what each is called from the root of its file system. Directories on two
// file systems, and file systems that are mounted below one of them, are refused: one snapshot would not hold them all.
func On(mounts []Mount, dirs []string) (Mount, []string, error) {
	var on Mount
	inside := make([]string, 0, len(dirs))
	for i, dir := range dirs {
		m, found := Find(mounts, dir)
		switch {
		case !found:
			return on, nil, fmt.Errorf("%s: no file system is known", dir)
		case i > 0 && m.Device != on.Device:
			return on, nil, fmt.Errorf("%s lies on %s and %s on %s: %w", dirs[0], on.Point, dir, m.Point, ErrUnfit)
		}
		for _, other := range mounts {
			if below(other.Point, dir) {
				return on, nil, fmt.Errorf("%s is a mount point inside of %s: %w", other.Point, dir, ErrUnfit)
			}
		}
		rel, err := filepath.Rel(m.Point, dir)
		if err != nil {
			return on, nil, err
		}
		on, inside = m, append(inside, filepath.Join(m.Root, rel))
	}
	return on, inside, nil
}

// below says whether path is inside of dir, and not dir itself.
func below(path, dir string) bool {
	return path != dir && strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/")
}

// NameFor makes a name of a volume's, the filter that an operator's tools know snapshots by, and the seed's; random tells two
// of the same seed apart. Letters that no volume may have are left out.
func NameFor(volume, filter string, seedID int64, random string) string {
	name := fmt.Sprintf("%s%s-seed-%d-%s", volume, "-"+strings.Trim(filter, "-"), seedID, random)
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("+_.-", r) {
			return r
		}
		return -1
	}, name)
}
