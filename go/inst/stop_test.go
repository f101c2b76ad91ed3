package inst_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

const applierWaits = `SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'system user' AND (STATE LIKE 'Waiting for %lock'
	OR ID IN (SELECT trx_mysql_thread_id FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'))`

// locked makes the target a replica from now on, whose applier waits for what the session that is returned has locked.
func (p *pair) locked(lock ...string) (*sql.Conn, *inst.Instance) {
	p.t.Helper()
	p.opt.StopPatience = time.Second
	in, err := p.topology().ReadInstance(testContext(p.t), addr(p.source))
	if err != nil {
		p.t.Fatal(err)
	}
	p.connect(onlyFile(in))
	holder, err := open(p.t, p.target).Conn(testContext(p.t))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { holder.Close() })
	for _, statement := range lock {
		if _, err := holder.ExecContext(testContext(p.t), statement); err != nil {
			p.t.Fatalf("%s: %v", statement, err)
		}
	}
	run(p.t, p.source, "UPDATE shop.t SET v = CONCAT(v, '.') WHERE id = 1")
	// The server keeps what INNODB_TRX said until nobody has asked for 0.1 s: whoever asks more often never sees anything new.
	look := time.NewTicker(300 * time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(20 * time.Second); ask(p.t, p.target, applierWaits) != "1"; <-look.C {
		if time.Now().After(deadline) {
			p.t.Fatalf("%s: the applier does not wait", lock)
		}
	}
	return holder, in
}

var (
	lockTables      = []string{"LOCK TABLES shop.t WRITE"}
	openTransaction = []string{"BEGIN", "SELECT * FROM shop.t WHERE id = 1 FOR UPDATE"}
	globalLock      = []string{"FLUSH TABLES WITH READ LOCK"}
)

func TestReplicationIsForgottenThoughItsApplierWaitsForALock(t *testing.T) {
	for kind, locks := range map[sandbox.Kind][][]string{
		sandbox.MariaDB: {lockTables, openTransaction, globalLock}, sandbox.MySQL97: {lockTables, openTransaction}, sandbox.MySQL56: {lockTables},
	} {
		t.Run(string(kind), func(t *testing.T) {
			p := newPair(t, sandbox.Options{Kind: kind})
			p.copied()
			if kind == sandbox.MySQL97 {
				run(t, p.target, "GRANT SYSTEM_USER ON *.* TO "+sandbox.TopologyUser)
			}
			for _, lock := range locks {
				holder, _ := p.locked(lock...)
				begin := time.Now()
				if err := p.topology().DisconnectReplica(testContext(t), addr(p.target)); err != nil {
					t.Fatalf("%s: %v", lock, err)
				}
				if took := time.Since(begin); took > 20*time.Second {
					t.Errorf("%s: it took %v", lock, took)
				}
				if _, err := p.topology().ReplicaState(testContext(t), addr(p.target), addr(p.source)); !errors.Is(err, inst.ErrNotReplica) {
					t.Errorf("%s: afterwards: %v", lock, err)
				}
				for _, statement := range []string{"ROLLBACK", "UNLOCK TABLES"} {
					if _, err := holder.ExecContext(testContext(t), statement); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}

func TestReplicationThatCanNotBeStoppedNamesWhoHoldsTheLock(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.MariaDB, sandbox.MySQL97} {
		t.Run(string(kind), func(t *testing.T) {
			p := newPair(t, sandbox.Options{Kind: kind})
			p.copied()
			holder, _ := p.locked(lockTables...)
			var id string
			if err := holder.QueryRowContext(testContext(t), "SELECT CONNECTION_ID()").Scan(&id); err != nil {
				t.Fatal(err)
			}
			right := "CONNECTION ADMIN, SUPER"
			if kind == sandbox.MySQL97 {
				right = "CONNECTION_ADMIN, SUPER"
			}
			run(t, p.target, "REVOKE "+right+" ON *.* FROM "+sandbox.TopologyUser)
			err := p.topology().DisconnectReplica(testContext(t), addr(p.target))
			var e *inst.Error
			if !errors.As(err, &e) || e.Code != inst.CodeLocked || !e.Retryable() {
				t.Fatalf("got %v, want %s", err, inst.CodeLocked)
			}
			if !strings.Contains(e.Text, "connection "+id+" ("+sandbox.AdminUser+"@") || !strings.Contains(e.Hint, "KILL") {
				t.Errorf("holder %s is not named: %s Hint: %s", id, e.Text, e.Hint)
			}
			// What was tried has left nothing that would hold up the next one.
			if _, err := holder.ExecContext(testContext(t), "UNLOCK TABLES"); err != nil {
				t.Fatal(err)
			}
			if err := p.topology().DisconnectReplica(testContext(t), addr(p.target)); err != nil {
				t.Errorf("after the lock: %v", err)
			}
		})
	}
}

// A replica that goes on keeps what its applier has begun: nothing of it may be cut.
func TestReplicaThatWaitsForALockIsNotEndedByAConnectThatGoesOn(t *testing.T) {
	p := newPair(t, sandbox.Options{Kind: sandbox.MariaDB})
	p.copied()
	_, in := p.locked(lockTables...)
	run(t, p.target, "STOP SLAVE IO_THREAD")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err := p.topology().ConnectReplica(ctx, addr(p.target), addr(p.source), onlyFile(in), func(string) {})
	var e *inst.Error
	if !errors.As(err, &e) || e.Code != inst.CodeLocked {
		t.Errorf("got %v, want %s", err, inst.CodeLocked)
	}
	if n := ask(t, p.target, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND = 'Slave_SQL'"); n != "1" {
		t.Errorf("%s appliers", n)
	}
}
