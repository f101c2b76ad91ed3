package inst_test

import (
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestMariaDBTargetReplicatesFromTheCopysGTID(t *testing.T) {
	p := newPair(t, sandbox.Options{Kind: sandbox.MariaDB})
	in := p.copied()
	if !in.GTIDMode || in.GTIDExecuted == "" {
		t.Fatalf("source shows no GTIDs: %+v", in)
	}
	var steps []string
	at := agentapi.Metadata{LogFile: in.BinlogFile, LogPos: in.BinlogPos, GtidExecuted: in.GTIDExecuted}
	err := p.topology().ConnectReplica(testContext(t), addr(p.target), addr(p.source), at, func(s string) { steps = append(steps, s) })
	if err != nil {
		t.Fatal(err)
	}
	p.arrives(2)
	st, err := p.topology().ReplicaState(testContext(t), addr(p.target), addr(p.source))
	if err != nil || !st.AutoPosition || !st.IORunning || !st.SQLRunning {
		t.Fatalf("%+v, %v", st, err)
	}
	t.Logf("%q %+v", steps, st)
}
