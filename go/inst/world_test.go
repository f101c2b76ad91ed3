package inst_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pair is two servers of one kind, and a Topology for them.
type pair struct {
	t              *testing.T
	source, target *sandbox.Server
	opt            inst.Options
}

func newPair(t *testing.T, opts sandbox.Options) *pair {
	t.Helper()
	p := &pair{t: t}
	var started sync.WaitGroup
	for _, s := range []**sandbox.Server{&p.source, &p.target} {
		started.Go(func() { *s = sandbox.StartT(t, opts) })
	}
	started.Wait()
	if t.Failed() {
		t.FailNow() // StartT ended its goroutine only
	}
	p.opt = inst.Options{
		User: sandbox.TopologyUser, Password: p.source.Passwords.Topology,
		ReplicationUser: sandbox.ReplicationUser, ReplicationPassword: p.source.Passwords.Replication,
	}
	return p
}

func addr(s *sandbox.Server) inst.Address { return inst.Address{Host: s.Host, Port: s.Port} }

func (p *pair) topology() *inst.Topology { return inst.New(p.opt) }

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// run executes statements as root.
func run(t *testing.T, s *sandbox.Server, statements ...string) {
	t.Helper()
	db := open(t, s)
	for _, statement := range statements {
		if _, err := db.ExecContext(testContext(t), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func open(t *testing.T, s *sandbox.Server) *sql.DB {
	t.Helper()
	db := s.Open("")
	t.Cleanup(func() { db.Close() })
	return db
}

// ask reads one value as root; an error is a value too.
func ask(t *testing.T, s *sandbox.Server, query string) string {
	t.Helper()
	db := s.Open("")
	defer db.Close()
	var value sql.NullString
	if err := db.QueryRowContext(testContext(t), query).Scan(&value); err != nil {
		return err.Error()
	}
	return value.String
}

// copied gives both servers the same data with nothing of it in the binary logs, as after a restore, and returns where the
// copy stands.
func (p *pair) copied() *inst.Instance {
	p.t.Helper()
	run(p.t, p.source, "CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB", "INSERT INTO shop.t VALUES (1, 'one')")
	run(p.t, p.target, "CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB", "INSERT INTO shop.t VALUES (1, 'one')")
	in, err := p.topology().ReadInstance(testContext(p.t), addr(p.source))
	if err != nil {
		p.t.Fatal(err)
	}
	return in
}

// arrives writes a row on the source and waits for it on the target.
func (p *pair) arrives(id int) {
	p.t.Helper()
	run(p.t, p.source, fmt.Sprintf("INSERT INTO shop.t VALUES (%d, 'new')", id))
	sandbox.Eventually(p.t, 20*time.Second, func() error {
		if got := ask(p.t, p.target, fmt.Sprintf("SELECT v FROM shop.t WHERE id = %d", id)); got != "new" {
			st, err := p.topology().ReplicaState(testContext(p.t), addr(p.target), addr(p.source))
			return fmt.Errorf("row %d on the target: %q; %+v, %v", id, got, st, err)
		}
		return nil
	})
}
