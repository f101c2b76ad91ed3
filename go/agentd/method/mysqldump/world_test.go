package mysqldump_test

import (
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func newWorld(t *testing.T, kind sandbox.Kind, extra ...string) *methodtest.World {
	t.Helper()
	return methodtest.NewWorld(t, methodtest.WorldOptions{
		Servers: sandbox.Options{Kind: kind},
		Make: func(servers *host.MySQL) (method.Method, error) {
			return mysqldump.New(mysqldump.Options{Servers: servers, Extra: extra, Streams: 2})
		},
	})
}
