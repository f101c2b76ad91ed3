package agentd

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/config"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/datadir"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/cloneplugin"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mydumper"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/xtrabackup"
)

// tools are the programs whose versions the agent tells.
var tools = []string{"mysqldump", "mariadb-dump", "mysql", "mariadb", "mysqld", "mariadbd", "mydumper", "myloader", "xtrabackup", "mariabackup", "mariadb-backup"}

// makeMethods makes every method there is; those that are not enabled can still finish and release their old seeds.
func (a *App) makeMethods() ([]Method, error) {
	if a.o.Methods != nil {
		return a.o.Methods, nil
	}
	c := a.o.Config
	dump, err := mysqldump.New(mysqldump.Options{Servers: a.host.MySQL(), Extra: c.Mysqldump.Options})
	if err != nil {
		return nil, err
	}
	rows, err := mydumper.New(mydumper.Options{
		Servers: a.host.MySQL(), DumpExtra: c.Mydumper.MydumperOptions, LoadExtra: c.Mydumper.MyloaderOptions,
	})
	if err != nil {
		return nil, err
	}
	keeper := a.keeper(c.Common.AllowErase)
	files, err := a.xtrabackupMethod(keeper)
	if err != nil {
		return nil, err
	}
	clone, err := cloneplugin.New(cloneplugin.Options{
		Host: a.host, Keeper: a.keeper(false), Password: string(c.MySQL.Password), Install: c.ClonePlugin.InstallPlugin,
		Settings: c.ClonePlugin.Settings, AllowErase: c.Common.AllowErase, Logger: a.log,
	})
	if err != nil {
		return nil, err
	}
	return []Method{
		{dump, c.Mysqldump.Enabled}, {rows, c.Mydumper.Enabled}, {files, c.Xtrabackup.Enabled}, {a.lvmMethod(keeper), c.LVM.Enabled},
		{clone, c.ClonePlugin.Enabled},
	}, nil
}

// keeper keeps the old data of seeds whose method replaces the data directory.
func (a *App) keeper(allowErase bool) *datadir.Keeper {
	return datadir.New(datadir.Options{Host: a.host, StateDir: a.o.Config.Common.StateDir, AllowErase: allowErase, Logger: a.log})
}

func (a *App) xtrabackupMethod(keeper *datadir.Keeper) (*xtrabackup.Xtrabackup, error) {
	c := a.o.Config
	o := xtrabackup.Options{
		Servers: a.host.MySQL(), Keeper: keeper, Bind: c.Common.BindAddress, Port: c.Common.SeedPort, Extra: c.Xtrabackup.Options, Logger: a.log,
	}
	o.PlainServer, o.PlainClient = plainTLS(c.Xtrabackup.Socat)
	return xtrabackup.New(o)
}

func hostOptions(c *config.Config, log *slog.Logger) host.Options {
	return host.Options{
		MySQL: host.NewMySQL(host.MySQLOptions{
			User: c.MySQL.User, Password: string(c.MySQL.Password), Host: c.MySQL.Host, Port: c.MySQL.Port, Socket: c.MySQL.Socket,
		}),
		BackupDir: c.Common.BackupDir, StateDir: c.Common.StateDir, Sudo: sudo(c),
		StatusCommand: c.MySQL.ServiceStatusCommand, StartCommand: c.MySQL.ServiceStartCommand, StopCommand: c.MySQL.ServiceStopCommand,
		CustomCommands: c.CustomCommands, PostSeedCommand: c.PostSeedCommand, Tools: tools, Logger: log,
		LVM: host.LVMOptions{
			Enabled: c.LVM.Enabled, MountPoint: mountPoint(c), CreateSnapshotCommand: c.LVM.CreateSnapshotCommand,
			LocalSnapshotsCommand: c.LVM.AvailableLocalSnapshotHosts, SnapshotHostsCommand: c.LVM.AvailableSnapshotHosts,
			SnapshotVolumesFilter: c.LVM.SnapshotVolumesFilter,
		},
	}
}

// data is the answer to get-agent-data.
func (a *App) data(ctx context.Context) agentapi.Data {
	d := a.host.Data(ctx)
	d.AvailiableSeedMethods = a.offers.get(ctx)
	d.AgentVersion = a.o.Version
	d.Abilities = []string{
		agentapi.AbilityAttempts, agentapi.AbilityTokenHeader, agentapi.AbilityRelease, agentapi.AbilityProbe, agentapi.AbilityCallback,
		agentapi.AbilityStream,
	}
	d.ServiceControl = len(a.o.Config.MySQL.ServiceStartCommand) > 0 && len(a.o.Config.MySQL.ServiceStopCommand) > 0
	d.AllowErase, d.SeedPort = a.o.Config.Common.AllowErase, a.o.Config.Common.SeedPort
	return d
}

// offers asks the enabled methods what they offer, and keeps the answer for a while.
type offers struct {
	methods []Method
	log     *slog.Logger

	mu   sync.Mutex
	at   time.Time
	last map[agentapi.Method]agentapi.MethodOffer
	why  map[agentapi.Method]string // what was logged last
}

func (o *offers) get(ctx context.Context) map[agentapi.Method]agentapi.MethodOffer {
	const fresh, limit = 5 * time.Second, 5 * time.Second
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last != nil && time.Since(o.at) < fresh {
		return o.last
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	type answer struct {
		offer agentapi.MethodOffer
		err   error
	}
	answers := make([]answer, len(o.methods))
	var asked sync.WaitGroup // side by side: one that hangs does not hide the others
	for i, m := range o.methods {
		if m.Enabled {
			asked.Go(func() { answers[i].offer, answers[i].err = m.Offer(ctx) })
		}
	}
	asked.Wait()
	found, why := map[agentapi.Method]agentapi.MethodOffer{}, map[agentapi.Method]string{}
	for i, m := range o.methods {
		switch err := answers[i].err; {
		case !m.Enabled:
		case err == nil:
			found[m.Name()] = answers[i].offer
		default:
			why[m.Name()] = err.Error()
			if o.why[m.Name()] != err.Error() {
				o.log.Warn("method is not offered", "method", m.Name(), "error", err)
			}
		}
	}
	o.last, o.why, o.at = found, why, time.Now()
	return found
}
