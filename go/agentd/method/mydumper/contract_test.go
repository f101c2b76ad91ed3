package mydumper_test

import (
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/contract"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mydumper"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

var subject = contract.Subject{
	Name: agentapi.Mydumper, BackupSide: agentapi.Target, Empties: true, Plain: true, Moments: 5,
	Make: func(b contract.Box) (method.Method, error) {
		return mydumper.New(mydumper.Options{Servers: b.NewHost().MySQL(), Threads: 2})
	},
	World: func(t *testing.T) contract.World {
		return contract.NewServers(t, contract.ServersOptions{Kind: sandbox.MariaDB, Fill: sandbox.FillOptions{NoObjects: true, Bytes: 4 << 20, Tables: 2}})
	},
	Tools: []contract.Tool{
		{Side: agentapi.Target, Name: "mydumper", When: "--outputdir"},
		{Side: agentapi.Target, Name: "myloader", When: "--directory"},
	},
}

func TestMydumperKeepsTheContract(t *testing.T) { contract.Run(t, subject) }
