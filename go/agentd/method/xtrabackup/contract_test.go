package xtrabackup_test

import (
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/datadir"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/contract"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/xtrabackup"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

var subject = contract.Subject{
	Name: agentapi.Xtrabackup, BackupSide: agentapi.Source, Plain: true, Moments: 4,
	Make: func(b contract.Box) (method.Method, error) {
		h := b.NewHost()
		return xtrabackup.New(xtrabackup.Options{
			Servers: h.MySQL(), Keeper: datadir.New(datadir.Options{Host: h, StateDir: b.StateDir()}), Bind: b.Host, Port: b.DataPort,
		})
	},
	World: func(t *testing.T) contract.World {
		return contract.NewServers(t, contract.ServersOptions{Kind: sandbox.MariaDB, Fill: sandbox.FillOptions{Bytes: 4 << 20, Tables: 2}})
	},
	Tools: []contract.Tool{
		{Side: agentapi.Source, Name: "mariadb-backup", When: "--backup", Pipe: contract.Writes},
		{Side: agentapi.Target, Name: "mbstream", When: "-x", Pipe: contract.Reads},
		{Side: agentapi.Target, Name: "mariadb-backup", When: "--prepare"},
	},
}

func TestXtrabackupKeepsTheContract(t *testing.T) { contract.Run(t, subject) }
