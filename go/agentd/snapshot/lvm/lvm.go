package lvm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot"
)

// Limits of one program. lvcreate and lvremove stop the volume's input and output for a moment: one that is ended in that
// moment leaves it stopped, so they have more than they can ever need.
const (
	limit       = time.Minute
	lookLimit   = 20 * time.Second // of lvs, which is run again
	changeLimit = 10 * time.Minute
)

// Options of LVM. Commands is needed.
type Options struct {
	Commands snapshot.Commands
	Filter   string // part of the names of snapshots for seeds; it is part of the names given here
	// Mounts reads the table of mounts; default: this process's.
	Mounts func() ([]snapshot.Mount, error)
}

// LVM is the provider. It holds no state and may be used from many goroutines.
type LVM struct{ o Options }

// New makes an LVM; nothing is run yet.
func New(o Options) *LVM {
	if o.Mounts == nil {
		o.Mounts = snapshot.Mounts
	}
	return &LVM{o: o}
}

// Kind is lvm.
func (l *LVM) Kind() snapshot.Kind { return snapshot.LVM }

func (l *LVM) volumes(ctx context.Context) ([]volume, error) {
	out, err := l.o.Commands.Output(ctx, lookLimit, listCommand()...)
	if err != nil {
		return nil, fmt.Errorf("list logical volumes: %w", err)
	}
	v, err := parseReport(out)
	if err != nil {
		return nil, fmt.Errorf("list logical volumes: %w", err)
	}
	return v, nil
}

// List is every logical volume of the machine.
func (l *LVM) List(ctx context.Context) ([]agentapi.LogicalVolume, error) {
	volumes, err := l.volumes(ctx)
	if err != nil {
		return nil, err
	}
	facts := make([]agentapi.LogicalVolume, len(volumes))
	for i, v := range volumes {
		facts[i] = v.fact(l.o.Filter)
	}
	return facts, nil
}

// Find finds the logical volume on which all dirs lie (absolute, links resolved). The error wraps snapshot.ErrNotHere when
// they lie on something else.
func (l *LVM) Find(ctx context.Context, dirs []string) (snapshot.Volume, error) {
	mounts, err := l.o.Mounts()
	if err != nil {
		return snapshot.Volume{}, err
	}
	m, inside, err := snapshot.On(mounts, dirs)
	if err != nil {
		return snapshot.Volume{}, err
	}
	if m.FileSystem == "btrfs" || m.FileSystem == "zfs" {
		return snapshot.Volume{}, fmt.Errorf("%s is %s, which is not copied by LVM: %w", m.Point, m.FileSystem, snapshot.ErrNotHere)
	}
	if slices.ContainsFunc(strings.Split(m.Options, ","), func(o string) bool { return strings.HasPrefix(o, "logdev=") || strings.HasPrefix(o, "rtdev=") }) {
		return snapshot.Volume{}, fmt.Errorf("the file system at %s has a part on a second device: %w", m.Point, snapshot.ErrUnfit)
	}
	volumes, err := l.volumes(ctx)
	if errors.Is(err, exec.ErrNotFound) {
		return snapshot.Volume{}, fmt.Errorf("lvs is not installed: %w", snapshot.ErrNotHere)
	}
	if err != nil {
		return snapshot.Volume{}, err
	}
	at := slices.IndexFunc(volumes, func(v volume) bool { return v.Device == m.Device })
	if at < 0 {
		return snapshot.Volume{}, fmt.Errorf("%s (%s) is no logical volume: %w", m.Source, m.Point, snapshot.ErrNotHere)
	}
	v := volumes[at]
	if v.snapshot() && !v.thin() {
		return snapshot.Volume{}, fmt.Errorf("%s/%s is a snapshot itself, of which LVM makes none: %w", v.Group, v.Name, snapshot.ErrNotHere)
	}
	return snapshot.Volume{
		Kind: snapshot.LVM, Group: v.Group, Name: v.Name, FileSystem: m.FileSystem, Mount: m.Point, Size: v.Size, Free: v.GroupFree, Thin: v.thin(), Inside: inside,
	}, nil
}

const (
	smallest = 32 << 20 // bytes of a snapshot: less is full before the copy has begun
	extent   = 4 << 20  // sizes are told in these; LVM rounds to its own
)

// Plan decides name and size of a snapshot; nothing is made. It may become as large as the volume, which can't overflow, but
// takes no more than nine tenths of what is free in the group. A thin snapshot needs no size.
func (l *LVM) Plan(v snapshot.Volume, seedID int64, random string) (snapshot.Snapshot, error) {
	s := snapshot.Snapshot{
		Kind: snapshot.LVM, Group: v.Group, Name: snapshot.NameFor(v.Name, cmp.Or(l.o.Filter, "snapshot"), seedID, random), Origin: v.Name, Made: true, Thin: v.Thin,
		FileSystem: v.FileSystem, Inside: v.Inside,
	}
	s.Path = "/dev/" + s.Group + "/" + s.Name
	if v.Thin {
		return s, nil
	}
	whole := v.Size + v.Size/100 + smallest // what it needs when every block changes
	s.Size = min(whole, v.Free/10*9) / extent * extent
	if need := max(smallest, v.Size/100); s.Size < need {
		return s, fmt.Errorf("%w: volume group %s has %d MiB free, a snapshot of %s needs %d MiB at least", snapshot.ErrNoRoom, v.Group, v.Free>>20, v, (need/9*10)>>20)
	}
	return s, nil
}

// Create makes a planned snapshot. LVM's programs are never ended half way, which could leave the volume suspended: ctx does
// not end this, a time limit does.
func (l *LVM) Create(ctx context.Context, s snapshot.Snapshot) error {
	args := []string{"lvcreate", "--snapshot", "--name", s.Name}
	if s.Thin {
		args = append(args, "--setactivationskip", "n")
	} else {
		args = append(args, "--size", strconv.FormatInt(s.Size, 10)+"b")
	}
	if _, err := l.o.Commands.Output(context.WithoutCancel(ctx), changeLimit, append(args, s.Group+"/"+s.Origin)...); err != nil {
		return fmt.Errorf("make snapshot %s: %w", s, err)
	}
	return nil
}

// Newest is the newest snapshot of the volume whose name holds the filter and that is whole.
func (l *LVM) Newest(ctx context.Context, of snapshot.Volume) (snapshot.Snapshot, error) {
	volumes, err := l.volumes(ctx)
	if err != nil {
		return snapshot.Snapshot{}, err
	}
	volumes = slices.DeleteFunc(volumes, func(v volume) bool {
		return v.Group != of.Group || v.Origin != of.Name || !strings.Contains(v.Name, l.o.Filter) || v.invalid() || v.failed() || v.Path == ""
	})
	if len(volumes) == 0 {
		return snapshot.Snapshot{}, fmt.Errorf("%w of %s has %q in its name", snapshot.ErrNone, of, l.o.Filter)
	}
	v := slices.MaxFunc(volumes, func(a, b volume) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Name, b.Name)) })
	return snapshot.Snapshot{
		Kind: snapshot.LVM, Group: v.Group, Name: v.Name, Path: v.Path, Origin: of.Name, Size: v.Size, Thin: v.thin(), FileSystem: of.FileSystem, Inside: of.Inside, CreatedAt: v.Created,
	}, nil
}

// Check says how full a snapshot is, in percent; the error wraps snapshot.ErrFull when it lost what it held, and
// snapshot.ErrNone when it is gone.
func (l *LVM) Check(ctx context.Context, s snapshot.Snapshot) (float64, error) {
	volumes, err := l.volumes(ctx)
	if err != nil {
		return 0, err
	}
	at := slices.IndexFunc(volumes, func(v volume) bool { return v.Group == s.Group && v.Name == s.Name && v.Origin == s.Origin })
	if at < 0 {
		return 0, fmt.Errorf("%s is gone: %w", s, snapshot.ErrNone)
	}
	v := volumes[at]
	switch {
	case v.invalid() || !v.thin() && v.Percent >= 100:
		return 100, fmt.Errorf("%w: more was written to %s/%s than the %d MiB that %s can hold", snapshot.ErrFull, s.Group, s.Origin, v.Size>>20, s.Name)
	case v.failed():
		return v.Percent, fmt.Errorf("%w: lvs shows %s as %s", snapshot.ErrFull, s, v.Attr)
	case !v.thin():
		return v.Percent, nil
	}
	return checkPool(volumes, v)
}

// checkPool looks at the pool of a thin snapshot, which shares its room with all others.
func checkPool(volumes []volume, v volume) (float64, error) {
	at := slices.IndexFunc(volumes, func(p volume) bool { return p.Group == v.Group && p.Name == v.Pool })
	if at < 0 {
		return 0, nil
	}
	p := volumes[at]
	full := max(p.Percent, p.MetaPercent)
	if full >= 100 || p.failed() {
		return full, fmt.Errorf("%w: the thin pool %s/%s has no room left", snapshot.ErrFull, p.Group, p.Name)
	}
	return full, nil
}
