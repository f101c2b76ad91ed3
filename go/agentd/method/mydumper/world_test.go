package mydumper_test

import (
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mydumper"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func newWorld(t *testing.T, o mydumper.Options) *methodtest.World {
	t.Helper()
	return newWorldOf(t, sandbox.MariaDB, o)
}

// newWorldOf is a world whose passwords break bad quoting.
func newWorldOf(t *testing.T, kind sandbox.Kind, o mydumper.Options) *methodtest.World {
	t.Helper()
	return methodtest.NewWorld(t, methodtest.WorldOptions{
		Servers: sandbox.Options{Kind: kind, Passwords: sandbox.AwkwardPasswords()},
		Make: func(servers *host.MySQL) (method.Method, error) {
			o.Servers = servers
			return mydumper.New(o)
		},
	})
}
