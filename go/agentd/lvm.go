package agentd

import (
	"path/filepath"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/config"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/datadir"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/lvm"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot/btrfs"
	lvmsnapshot "github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot/lvm"
)

// lvmMethod makes the method LVM with its providers; Btrfs comes first, because a Btrfs may lie on a logical volume.
func (a *App) lvmMethod(keeper *datadir.Keeper) *lvm.LVM {
	c := a.o.Config
	commands := sudo(c)
	o := lvm.Options{
		Servers: a.host.MySQL(), Keeper: keeper, Bind: c.Common.BindAddress, Port: c.Common.SeedPort, MountPoint: mountPoint(c),
		Providers: []lvm.Provider{
			btrfs.New(btrfs.Options{Commands: commands, Filter: c.LVM.SnapshotVolumesFilter}),
			lvmsnapshot.New(lvmsnapshot.Options{Commands: commands, Filter: c.LVM.SnapshotVolumesFilter}),
		},
		CreateNew: c.LVM.CreateNewSnapshotForSeed, Logger: a.log,
	}
	if len(c.LVM.CreateSnapshotCommand) > 0 {
		o.CreateCommand = commands.Vector(c.LVM.CreateSnapshotCommand...)
	}
	o.PlainServer, o.PlainClient = plainTLS(c.LVM.Socat)
	return lvm.New(o)
}

func sudo(c *config.Config) host.Sudo {
	return host.Sudo{Enabled: c.Common.ExecWithSudo, User: c.Common.SudoUser}
}

// mountPoint is where snapshots are mounted.
func mountPoint(c *config.Config) string {
	if c.LVM.MountPoint != "" {
		return c.LVM.MountPoint
	}
	return filepath.Join(c.Common.BackupDir, "lvm")
}
