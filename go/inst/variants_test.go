package inst_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestReadOnlyTargetWithoutBinaryLogIsConnected(t *testing.T) {
	for kind, readOnly := range map[sandbox.Kind]string{sandbox.MariaDB: "read_only", sandbox.MySQL97: "super_read_only", sandbox.MySQL56: "read_only"} {
		t.Run(string(kind), func(t *testing.T) {
			p := newPair(t, sandbox.Options{Kind: kind})
			at := whole(p.copied())
			p.target = sandbox.StartT(t, sandbox.Options{Kind: kind, NoBinlog: true, Passwords: p.source.Passwords})
			run(t, p.target, "CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(20))", "INSERT INTO shop.t VALUES (1, 'one')",
				"SET GLOBAL "+readOnly+" = ON")
			p.connect(at)
			p.arrives(2)
			p.passes()
			in, err := p.topology().ReadInstance(testContext(t), addr(p.target))
			if err != nil || in.LogBin || !in.ReadOnly || in.BinlogFile != "" {
				t.Errorf("%+v, %v", in, err)
			}
		})
	}
}

func TestEveryOtherSourceOfATargetIsForgotten(t *testing.T) {
	for kind, change := range map[sandbox.Kind]string{
		sandbox.MariaDB: "CHANGE MASTER 'o''ther' TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1",
		sandbox.MySQL97: "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = 1 FOR CHANNEL 'o''ther'",
		sandbox.MySQL56: "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1",
	} {
		t.Run(string(kind), func(t *testing.T) {
			p := newPair(t, sandbox.Options{Kind: kind})
			at := whole(p.copied())
			run(t, p.target, change)
			if steps := p.connect(at); !strings.Contains(steps[0], "127.0.0.1:1") {
				t.Errorf("%q", steps)
			}
			p.arrives(2)
			if st := p.passes(); st.SourceHost != p.source.Host {
				t.Errorf("%+v", st)
			}
			if err := p.topology().DisconnectReplica(testContext(t), addr(p.target)); err != nil {
				t.Fatal(err)
			}
			if _, err := p.topology().ReplicaState(testContext(t), addr(p.target), addr(p.source)); !errors.Is(err, inst.ErrNotReplica) {
				t.Error(err)
			}
		})
	}
}

func TestMixedTLSReachesServersWithAndWithout(t *testing.T) {
	for _, opts := range []sandbox.Options{{Kind: sandbox.MySQL97, Extra: []string{"require_secure_transport=ON"}}, {Kind: sandbox.MariaDB}} {
		s := sandbox.StartT(t, opts)
		opt := inst.Options{MixedTLS: true, Credentials: func() (string, string, error) { return sandbox.TopologyUser, s.Passwords.Topology, nil }}
		if _, err := inst.New(opt).ReadInstance(testContext(t), addr(s)); err != nil {
			t.Errorf("%s: %v", opts.Kind, err)
		}
		opt.MixedTLS = false
		if _, err := inst.New(opt).ReadInstance(testContext(t), addr(s)); (err != nil) != (opts.Kind == sandbox.MySQL97) {
			t.Errorf("%s without TLS: %v", opts.Kind, err)
		}
	}
	broken := inst.Options{Credentials: func() (string, string, error) { return "", "", errors.New("file is gone") }}
	if _, err := inst.New(broken).ClusterAlias(testContext(t), inst.Address{}); err != nil {
		t.Errorf("no query, no connection: %v", err)
	}
	_, err := inst.New(broken).ReadInstance(testContext(t), inst.Address{Host: "127.0.0.1", Port: 1})
	if err == nil || !strings.Contains(err.Error(), "file is gone") {
		t.Error(err)
	}
}
