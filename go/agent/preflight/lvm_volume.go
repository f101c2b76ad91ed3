package preflight

import "github.com/orchestrator-seed/orchestrator-seed/go/agentapi"

var lvmVolume = check{
	name: "lvm-volume",
	about: "On the source the mount point for snapshots is free and there is a logical volume, or an agent of ours that offers snapshots of " +
		"another kind; fails otherwise, warns when there is no snapshot yet, because one has to be made then.",
	needed:  "a free mount point, and a snapshot or the right to make one, on the source",
	only:    "LVM",
	applies: func(f *facts) bool { return f.method == agentapi.LVM },
	run: func(f *facts) verdict {
		if v, missing := noData(f.source); missing {
			return v
		}
		d := f.source.data
		if d.MountPoint.IsMounted {
			return fail("unmount it with agent-umount when nothing needs it", "%s is mounted at %s on %s", d.MountPoint.Device, d.MountPoint.Path, f.source.name)
		}
		offer, offered := d.AvailiableSeedMethods[f.method]
		if offered && offer.NotAsSource != "" {
			return fail("put all of MySQL's data on one logical volume or Btrfs subvolume, or use another method", "%s: %s", f.source.name, offer.NotAsSource)
		}
		if len(d.LogicalVolumes) == 0 && d.Has(agentapi.AbilityStream) && offered {
			return pass("%s shows no logical volumes; its agent offers snapshots of another kind", f.source.name)
		}
		if len(d.LogicalVolumes) == 0 {
			return fail("put the data directory on a logical volume, or let the agent run lvs (exec-with-sudo)", "%s shows no logical volumes", f.source.name)
		}
		snapshots := 0
		for _, v := range d.LogicalVolumes {
			if v.IsSnapshot {
				snapshots++
			}
		}
		if snapshots == 0 {
			return warn("see that create-new-snapshot-for-seed and create-snapshot-command are set in the agent's configuration",
				"%s has %s and no snapshot: one has to be made", f.source.name, count(len(d.LogicalVolumes), "logical volume", "logical volumes"))
		}
		return pass("%s has %s, and the mount point is free", f.source.name, count(snapshots, "snapshot", "snapshots"))
	},
}
