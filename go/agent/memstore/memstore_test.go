package memstore_test

import (
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agent/memstore"
	"github.com/orchestrator-seed/orchestrator-seed/go/store/storetest"
)

func TestMemoryPassesTheStoresSuite(t *testing.T) {
	storetest.RunCore(t, func(*testing.T) storetest.Core { return memstore.New(agent.SystemClock{}) })
}
