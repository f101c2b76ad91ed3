package cloneplugin_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/datadir"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/cloneplugin"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/contract"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

var subject = contract.Subject{
	Name: agentapi.ClonePlugin, BackupSide: agentapi.Target, Plain: true, Moments: 3,
	Make: func(b contract.Box) (method.Method, error) {
		h := b.NewHost()
		return cloneplugin.New(cloneplugin.Options{
			Host: h, Keeper: datadir.New(datadir.Options{Host: h, StateDir: b.StateDir()}), Password: b.MySQL.Password, Install: true,
		})
	},
	World: func(t *testing.T) contract.World {
		return contract.NewServers(t, contract.ServersOptions{Kind: sandbox.MySQL97, Fill: sandbox.FillOptions{NoObjects: true, Bytes: 4 << 20, Tables: 2}})
	},
}

func TestMain(m *testing.M) {
	contract.Agent(subject.Make)
	goleak.VerifyTestMain(m)
}

func TestClonePluginKeepsTheContract(t *testing.T) { contract.Run(t, subject) }
