package host

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot/btrfs"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot/lvm"
)

// LVMOptions are what the LVM verbs may do.
type LVMOptions struct {
	Enabled               bool
	MountPoint            string
	CreateSnapshotCommand []string
	LocalSnapshotsCommand []string // prints host names, one a line
	SnapshotHostsCommand  []string
	SnapshotVolumesFilter string // part of the names of the volumes that are snapshots for seeds
}

// Errors of the LVM verbs.
var (
	ErrLVMDisabled = errors.New("LVM is not enabled in this agent's configuration ([lvm] enabled)")
	ErrNoVolume    = lvm.ErrNoVolume
	ErrEmptyVolume = errors.New("empty volumeName")
)

func (h *Host) lvm() *lvm.LVM {
	return lvm.New(lvm.Options{Commands: h.o.Sudo, Filter: h.o.LVM.SnapshotVolumesFilter})
}

// volumes are the logical volumes and, where the data directory is on Btrfs, its subvolume with its snapshots.
func (h *Host) volumes(ctx context.Context) ([]agentapi.LogicalVolume, error) {
	found, err := h.lvm().List(ctx)
	if errors.Is(err, exec.ErrNotFound) {
		found, err = nil, nil // no LVM on this machine
	}
	all := append([]agentapi.LogicalVolume{}, found...)
	facts, _ := h.facts.get(h.life, ctx)
	if facts.datadir == "" {
		return all, err
	}
	dir, linkErr := filepath.EvalSymlinks(facts.datadir)
	if linkErr != nil {
		return all, errors.Join(err, linkErr)
	}
	sub, subErr := btrfs.New(btrfs.Options{Commands: h.o.Sudo, Filter: h.o.LVM.SnapshotVolumesFilter}).List(ctx, dir)
	return append(all, sub...), errors.Join(err, subErr)
}

// volume finds the volume that a caller named by path, by name or by group/name: only what lvs lists is ever used.
func (h *Host) volume(ctx context.Context, name string) (agentapi.LogicalVolume, error) {
	switch {
	case name == "":
		return agentapi.LogicalVolume{}, ErrEmptyVolume
	case !h.o.LVM.Enabled:
		return agentapi.LogicalVolume{}, ErrLVMDisabled
	}
	return h.lvm().Volume(ctx, name)
}

// MountLV mounts a volume on the agent's mount point, for reading.
func (h *Host) MountLV(ctx context.Context, name string) (agentapi.Mount, error) {
	v, err := h.volume(ctx, name)
	if errors.Is(err, ErrEmptyVolume) {
		return agentapi.Mount{}, err
	}
	if err != nil {
		return agentapi.Mount{}, fmt.Errorf("mount logical volume: %w", err)
	}
	if m, err := h.mount(); err != nil || m.IsMounted {
		return m, errors.Join(fmt.Errorf("mount logical volume: %s is in use", m.Path), err)
	}
	s := snapshot.Snapshot{Kind: snapshot.LVM, Group: v.GroupName, Name: v.Name, Path: v.Path}
	if _, err := h.lvm().Mount(ctx, s, h.o.LVM.MountPoint); err != nil {
		return agentapi.Mount{}, fmt.Errorf("mount logical volume: %w", err)
	}
	return h.mount()
}

// Unmount takes the mount point free.
func (h *Host) Unmount(ctx context.Context) (agentapi.Mount, error) {
	if !h.o.LVM.Enabled {
		return agentapi.Mount{}, fmt.Errorf("unmount: %w", ErrLVMDisabled)
	}
	if _, err := h.o.Sudo.run(context.WithoutCancel(ctx), lvmLimit, []string{"umount", h.o.LVM.MountPoint}); err != nil {
		return agentapi.Mount{}, fmt.Errorf("unmount: %w", err)
	}
	return h.mount()
}

// RemoveLV removes a volume, if it is a snapshot.
func (h *Host) RemoveLV(ctx context.Context, name string) error {
	v, err := h.volume(ctx, name)
	if errors.Is(err, ErrEmptyVolume) {
		return err
	}
	if err != nil {
		return fmt.Errorf("remove logical volume: %w", err)
	}
	if !v.IsSnapshot {
		return fmt.Errorf("remove logical volume: %s is not a snapshot that snapshot-volumes-filter names", v.Path)
	}
	if _, err := h.o.Sudo.run(context.WithoutCancel(ctx), serviceLimit, []string{"lvremove", "--force", v.GroupName + "/" + v.Name}); err != nil {
		return fmt.Errorf("remove logical volume: %w", err)
	}
	return nil
}

// CreateSnapshot runs the configured command.
func (h *Host) CreateSnapshot(ctx context.Context) error {
	switch {
	case !h.o.LVM.Enabled:
		return fmt.Errorf("create snapshot: %w", ErrLVMDisabled)
	case len(h.o.LVM.CreateSnapshotCommand) == 0:
		return errors.New("create snapshot: lvm.create-snapshot-command is not configured")
	}
	if _, err := h.o.Sudo.run(ctx, serviceLimit, h.o.LVM.CreateSnapshotCommand); err != nil {
		return fmt.Errorf("create snapshot: %w", err)
	}
	return nil
}
