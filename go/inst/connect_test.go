package inst_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// connect connects and returns the steps that were announced.
func (p *pair) connect(at agentapi.Metadata) []string {
	p.t.Helper()
	var steps []string
	err := p.topology().ConnectReplica(testContext(p.t), addr(p.target), addr(p.source), at, func(s string) { steps = append(steps, s) })
	if err != nil {
		p.t.Fatalf("after %q: %v", steps, err)
	}
	return steps
}

// passes waits until the gate lets the replica through, and returns its state.
func (p *pair) passes() *inst.ReplicaState {
	p.t.Helper()
	var st *inst.ReplicaState
	var memory inst.GateMemory
	sandbox.Eventually(p.t, 20*time.Second, func() (err error) {
		if st, err = p.topology().ReplicaState(testContext(p.t), addr(p.target), addr(p.source)); err != nil {
			return err
		}
		j := inst.Gate(*st, memory, time.Now(), inst.GatePolicy{Threshold: 10 * time.Second, CatchUp: time.Hour})
		memory = j.Memory
		if j.Verdict != inst.GatePassed {
			return fmt.Errorf("gate says %+v of %+v", j, st)
		}
		return nil
	})
	return st
}

func whole(in *inst.Instance) agentapi.Metadata {
	return agentapi.Metadata{LogFile: in.BinlogFile, LogPos: in.BinlogPos, GtidExecuted: in.GTIDExecuted}
}

func onlyFile(in *inst.Instance) agentapi.Metadata {
	return agentapi.Metadata{LogFile: in.BinlogFile, LogPos: in.BinlogPos}
}

func TestTargetReplicatesFromTheCopysPosition(t *testing.T) {
	for _, c := range []struct {
		name    string
		opts    sandbox.Options
		at      func(*inst.Instance) agentapi.Metadata
		byGTID  bool
		tls     bool
		mention string // in the steps
	}{
		{"MariaDB by GTID", sandbox.Options{Kind: sandbox.MariaDB}, whole, true, false, "gtid_slave_pos"},
		{"MariaDB by the GTID of file and position", sandbox.Options{Kind: sandbox.MariaDB}, onlyFile, true, false, "gtid_slave_pos"},
		{"MySQL 9.7 by auto-position over TLS", sandbox.Options{Kind: sandbox.MySQL97}, whole, true, true, "gtid_purged"},
		{"MySQL 9.7 by auto-position without TLS", sandbox.Options{Kind: sandbox.MySQL97, Extra: []string{"tls_version="}}, whole, true, false, "gtid_purged"},
		{"MySQL 9.7 by file and position", sandbox.Options{Kind: sandbox.MySQL97, NoGTID: true, Extra: []string{"gtid_mode=OFF"}}, whole, false, true, "binlog."},
		{"MySQL 5.6 by file and position", sandbox.Options{Kind: sandbox.MySQL56}, whole, false, false, "binlog."},
		{"MySQL 5.6 by auto-position", sandbox.Options{Kind: sandbox.MySQL56, GTID: true}, whole, true, false, "gtid_purged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.opts.Passwords = sandbox.AwkwardPasswords()
			p := newPair(t, c.opts)
			in := p.copied()
			if in.HasTLS != c.tls {
				t.Errorf("source has TLS: %t", in.HasTLS)
			}
			steps := strings.Join(p.connect(c.at(in)), "\n")
			if !strings.Contains(steps, c.mention) {
				t.Errorf("steps do not mention %s:\n%s", c.mention, steps)
			}
			if st := p.passes(); st.AutoPosition != c.byGTID { // with a source that writes nothing
				t.Errorf("%+v", st)
			}
			p.arrives(2)
			if again := p.connect(c.at(in)); len(again) != 1 || !strings.Contains(again[0], "already") {
				t.Errorf("connected again: %q", again)
			}
		})
	}
}

func TestMariaDBWithoutAnyGTIDYetReplicatesFromFileAndPosition(t *testing.T) {
	p := newPair(t, sandbox.Options{Kind: sandbox.MariaDB})
	fresh, err := p.topology().ReadInstance(testContext(t), addr(p.source))
	if err != nil {
		t.Fatal(err)
	}
	if fresh.GTIDMode {
		t.Fatalf("a fresh server has GTIDs: %s", fresh.GTIDExecuted)
	}
	p.connect(whole(fresh))
	run(t, p.source, "CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(20))")
	p.arrives(1)
	if st := p.passes(); st.AutoPosition {
		t.Errorf("%+v", st)
	}
}
