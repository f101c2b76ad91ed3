package mysqldump_test

import (
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/contract"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

var subject = contract.Subject{
	Name: agentapi.Mysqldump, BackupSide: agentapi.Target, Empties: true, Plain: true, Moments: 6,
	Make: func(b contract.Box) (method.Method, error) {
		return mysqldump.New(mysqldump.Options{Servers: b.NewHost().MySQL(), Streams: 2})
	},
	World: func(t *testing.T) contract.World {
		return contract.NewServers(t, contract.ServersOptions{Kind: sandbox.MariaDB, Fill: sandbox.FillOptions{Bytes: 4 << 20, Tables: 2}})
	},
	Tools: []contract.Tool{{Side: agentapi.Target, Name: "mariadb-dump", When: "--databases", Pipe: contract.Writes}},
}

func TestMysqldumpKeepsTheContract(t *testing.T) { contract.Run(t, subject) }
