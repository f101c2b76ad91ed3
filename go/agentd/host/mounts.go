package host

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot"
)

const lvmLimit = time.Minute // of one of LVM's programs

// mount is the state of the agent's mount point for snapshots.
func (h *Host) mount() (agentapi.Mount, error) {
	m := agentapi.Mount{Path: h.o.LVM.MountPoint}
	mounts, err := snapshot.Mounts()
	if err != nil {
		return m, err
	}
	at, found := snapshot.At(mounts, m.Path)
	if !found {
		return m, nil
	}
	m.Device, m.LVPath, m.FileSystem, m.IsMounted = at.Source, at.Source, at.FileSystem, true
	m.DiskUsage, err = fileSystemUsed(m.Path)
	return m, err
}

// MountPoints is every mount point that this process sees, in the order in which they were mounted.
func MountPoints() ([]string, error) {
	mounts, err := snapshot.Mounts()
	points := make([]string, len(mounts))
	for i, m := range mounts {
		points[i] = m.Point
	}
	return points, err
}

// fileSystemUsed is the space in use in the file system of path, in bytes.
func fileSystemUsed(path string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(path, &st); err != nil {
		return 0, fmt.Errorf("used space of %s: %w", path, err)
	}
	return int64(st.Blocks-st.Bfree) * st.Bsize, nil
}

// lvmData adds volumes, mount and snapshot hosts, if LVM is enabled.
func (h *Host) lvmData(ctx context.Context, d *agentapi.Data) {
	d.LocalSnapshotsHosts, d.SnaphostHosts, d.LogicalVolumes = []string{}, []string{}, []agentapi.LogicalVolume{}
	if !h.o.LVM.Enabled {
		return
	}
	var errs [4]error
	if v, err := h.logical.get(h.life, ctx); v != nil {
		d.LogicalVolumes, errs[0] = v, err
	} else {
		errs[0] = err
	}
	d.MountPoint, errs[1] = h.mount()
	d.LocalSnapshotsHosts, errs[2] = h.hostList(ctx, h.o.LVM.LocalSnapshotsCommand)
	d.SnaphostHosts, errs[3] = h.hostList(ctx, h.o.LVM.SnapshotHostsCommand)
	if err := errors.Join(errs[:]...); err != nil {
		h.log.Warn("facts of LVM are missing", "error", err)
	}
}

func (h *Host) hostList(ctx context.Context, command []string) ([]string, error) {
	if len(command) == 0 {
		return []string{}, nil
	}
	out, err := h.o.Sudo.run(ctx, h.o.DataWait, command)
	if err != nil {
		return []string{}, err
	}
	return append([]string{}, strings.Fields(out)...), nil
}
