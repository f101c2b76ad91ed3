package lvm_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/datadir"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/contract"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/lvm"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot/btrfs"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

var subject = contract.Subject{
	Name: agentapi.LVM, BackupSide: agentapi.Source, Plain: true, Moments: 4,
	Make: func(b contract.Box) (method.Method, error) {
		h := b.NewHost()
		return lvm.New(lvm.Options{
			Servers: h.MySQL(), Keeper: datadir.New(datadir.Options{Host: h, StateDir: b.StateDir()}), Bind: b.Host, Port: b.DataPort,
			Providers:  []lvm.Provider{btrfs.New(btrfs.Options{Commands: host.Sudo{}})},
			MountPoint: filepath.Join(b.Dir, "mnt"), CreateNew: true, CheckEvery: 20 * time.Millisecond,
		}), nil
	},
	World: func(t *testing.T) contract.World {
		w := &snapshotWorld{disk: disk(t)}
		volume := filepath.Join(w.disk, "volume")
		if out, err := exec.Command("btrfs", "subvolume", "create", volume).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		w.Servers = contract.NewServers(t, contract.ServersOptions{
			Kind: sandbox.MariaDB, Source: func(o *sandbox.Options) { o.Dir = filepath.Join(volume, "server") },
			Fill: sandbox.FillOptions{Bytes: 4 << 20, Tables: 2},
		})
		return w
	},
}

func TestLVMKeepsTheContract(t *testing.T) { contract.Run(t, subject) }

// snapshotWorld is two servers, the source on a Btrfs on which no snapshot may be left.
type snapshotWorld struct {
	*contract.Servers
	disk string
}

func (w *snapshotWorld) Source(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "btrfs", "subvolume", "list", w.disk).CombinedOutput()
	if lines := strings.TrimSpace(string(out)); err == nil && strings.Contains(lines, "\n") {
		err = fmt.Errorf("snapshots are left: %s", lines)
	}
	return errors.Join(err, w.Servers.Source(ctx))
}
