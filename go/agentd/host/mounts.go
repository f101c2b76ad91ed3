package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// mount is the state of the agent's mount point for snapshots.
func (h *Host) mount(ctx context.Context) (agentapi.Mount, error) {
	m := agentapi.Mount{Path: h.o.LVM.MountPoint}
	b, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return m, fmt.Errorf("read mounts: %w", err)
	}
	m.Device, m.FileSystem, m.IsMounted = parseMounts(string(b), m.Path)
	if !m.IsMounted {
		return m, nil
	}
	m.LVPath = m.Device
	m.DiskUsage, err = diskUsed(ctx, m.Path)
	return m, err
}

// MountPoints is every mount point that this process sees, in the order in which they were mounted.
func MountPoints() ([]string, error) {
	b, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, fmt.Errorf("read mounts: %w", err)
	}
	var points []string
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) >= 3 {
			points = append(points, unescapeMount(f[1]))
		}
	}
	return points, nil
}

func unescapeMount(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// parseMounts finds a mount point in the text of /proc/mounts; the last mount on it counts.
func parseMounts(s, path string) (device, fileSystem string, mounted bool) {
	for line := range strings.Lines(s) {
		f := strings.Fields(line)
		if len(f) >= 3 && unescapeMount(f[1]) == path {
			device, fileSystem, mounted = unescapeMount(f[0]), f[2], true
		}
	}
	return device, fileSystem, mounted
}

// lvmData adds volumes, mount and snapshot hosts, if LVM is enabled.
func (h *Host) lvmData(ctx context.Context, d *agentapi.Data) {
	d.LocalSnapshotsHosts, d.SnaphostHosts, d.LogicalVolumes = []string{}, []string{}, []agentapi.LogicalVolume{}
	if !h.o.LVM.Enabled {
		return
	}
	var errs [4]error
	if v, err := h.volumes(ctx); err == nil {
		d.LogicalVolumes = v
	} else {
		errs[0] = err
	}
	d.MountPoint, errs[1] = h.mount(ctx)
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
