package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
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
	ErrNoVolume    = errors.New("no such logical volume")
	ErrEmptyVolume = errors.New("empty volumeName")
)

const lvmLimit = time.Minute

// volumes asks lvs for all volumes.
func (h *Host) volumes(ctx context.Context) ([]agentapi.LogicalVolume, error) {
	out, err := h.o.Sudo.run(ctx, lvmLimit, []string{"lvs", "--reportformat", "json", "--units", "b", "-o", "lv_name,vg_name,lv_path,lv_time,snap_percent,origin"})
	if err != nil {
		return nil, fmt.Errorf("list logical volumes: %w", err)
	}
	return parseVolumes([]byte(out), h.o.LVM.SnapshotVolumesFilter)
}

func parseVolumes(b []byte, filter string) ([]agentapi.LogicalVolume, error) {
	var report struct {
		Report []struct {
			LV []struct {
				Name    string `json:"lv_name"`
				Group   string `json:"vg_name"`
				Path    string `json:"lv_path"`
				Time    string `json:"lv_time"`
				Percent string `json:"snap_percent"`
				Origin  string `json:"origin"`
			} `json:"lv"`
		} `json:"report"`
	}
	if err := json.Unmarshal(b, &report); err != nil {
		return nil, fmt.Errorf("list logical volumes: lvs printed no report: %w", err)
	}
	volumes := []agentapi.LogicalVolume{}
	for _, r := range report.Report {
		for _, lv := range r.LV {
			v := agentapi.LogicalVolume{Name: lv.Name, GroupName: lv.Group, Path: lv.Path}
			v.IsSnapshot = lv.Origin != "" && strings.Contains(lv.Name, filter)
			v.SnapshotPercent, _ = strconv.ParseFloat(lv.Percent, 64)
			v.CreatedAt, _ = time.Parse("2006-01-02 15:04:05 -0700", lv.Time)
			volumes = append(volumes, v)
		}
	}
	return volumes, nil
}

// volume finds the volume that a caller named by path, by name or by group/name: only what lvs lists is ever used.
func (h *Host) volume(ctx context.Context, name string) (agentapi.LogicalVolume, error) {
	if !h.o.LVM.Enabled {
		return agentapi.LogicalVolume{}, ErrLVMDisabled
	}
	volumes, err := h.volumes(ctx)
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

// MountLV mounts a snapshot on the agent's mount point, read from the device's own file system (nouuid for XFS, whose
// copy has the original's id).
func (h *Host) MountLV(ctx context.Context, name string) (agentapi.Mount, error) {
	if name == "" {
		return agentapi.Mount{}, ErrEmptyVolume
	}
	v, err := h.volume(ctx, name)
	if err != nil {
		return agentapi.Mount{}, fmt.Errorf("mount logical volume: %w", err)
	}
	if m, err := h.mount(ctx); err != nil || m.IsMounted {
		return m, errors.Join(fmt.Errorf("mount logical volume: %s is in use", m.Path), err)
	}
	if err := os.MkdirAll(h.o.LVM.MountPoint, 0o700); err != nil {
		return agentapi.Mount{}, fmt.Errorf("mount logical volume: %w", err)
	}
	args := []string{"mount", v.Path, h.o.LVM.MountPoint}
	kind, err := h.o.Sudo.run(ctx, lvmLimit, []string{"blkid", "-o", "value", "-s", "TYPE", v.Path})
	if err == nil && strings.TrimSpace(kind) == "xfs" {
		args = []string{"mount", "-o", "nouuid", v.Path, h.o.LVM.MountPoint}
	}
	if _, err := h.o.Sudo.run(ctx, lvmLimit, args); err != nil {
		return agentapi.Mount{}, fmt.Errorf("mount logical volume: %w", err)
	}
	return h.mount(ctx)
}

// Unmount takes the mount point free.
func (h *Host) Unmount(ctx context.Context) (agentapi.Mount, error) {
	if !h.o.LVM.Enabled {
		return agentapi.Mount{}, fmt.Errorf("unmount: %w", ErrLVMDisabled)
	}
	if _, err := h.o.Sudo.run(ctx, lvmLimit, []string{"umount", h.o.LVM.MountPoint}); err != nil {
		return agentapi.Mount{}, fmt.Errorf("unmount: %w", err)
	}
	return h.mount(ctx)
}

// RemoveLV removes a volume, if it is a snapshot.
func (h *Host) RemoveLV(ctx context.Context, name string) error {
	if name == "" {
		return ErrEmptyVolume
	}
	v, err := h.volume(ctx, name)
	if err != nil {
		return fmt.Errorf("remove logical volume: %w", err)
	}
	if !v.IsSnapshot {
		return fmt.Errorf("remove logical volume: %s is not a snapshot that snapshot-volumes-filter names", v.Path)
	}
	if _, err := h.o.Sudo.run(ctx, lvmLimit, []string{"lvremove", "--force", v.GroupName + "/" + v.Name}); err != nil {
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
