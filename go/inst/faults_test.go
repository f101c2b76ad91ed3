package inst_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// interrupted connects under a context that is cancelled when step n is announced; false when there are fewer steps.
func (p *pair) interrupted(at agentapi.Metadata, n int) bool {
	p.t.Helper()
	ctx, cancel := context.WithCancel(testContext(p.t))
	defer cancel()
	seen := 0
	err := p.topology().ConnectReplica(ctx, addr(p.target), addr(p.source), at, func(string) {
		if seen++; seen == n {
			cancel()
		}
	})
	if seen >= n && err == nil {
		p.t.Fatalf("a cancelled call at step %d says that it succeeded", n)
	}
	return seen >= n
}

func TestConnectingThatWasInterruptedAtAnyStepConverges(t *testing.T) {
	for _, kind := range sandbox.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			p := newPair(t, sandbox.Options{Kind: kind})
			at, row := whole(p.copied()), 2
			for n := 1; p.interrupted(at, n); n++ {
				p.connect(at)
				for range 2 {
					p.arrives(row)
					row++
				}
				p.passes()
				// Stopped threads with a source: what a call leaves that ended just before the last step. Rows that were applied
				// are not applied again.
				run(t, p.target, "STOP "+replicaWord(kind))
				run(t, p.source, fmt.Sprintf("INSERT INTO shop.t VALUES (%d, 'stopped')", 1000+n))
				p.connect(at)
				p.passes()
				if err := p.topology().DisconnectReplica(testContext(t), addr(p.target)); err != nil {
					t.Fatal(err)
				}
				p.restored(at)
			}
			if row < 6 {
				t.Errorf("only %d steps were interrupted", row)
			}
		})
	}
}

// restored puts the target back to the copy at that position.
func (p *pair) restored(agentapi.Metadata) {
	p.t.Helper()
	run(p.t, p.target, "DELETE FROM shop.t WHERE id > 1")
}

func replicaWord(kind sandbox.Kind) string {
	if kind.Modern() {
		return "REPLICA"
	}
	return "SLAVE"
}

// verdict waits for the gate's word.
func (p *pair) verdict(want inst.Verdict) inst.Judgement {
	p.t.Helper()
	var j inst.Judgement
	var memory inst.GateMemory
	sandbox.Eventually(p.t, 30*time.Second, func() error {
		st, err := p.topology().ReplicaState(testContext(p.t), addr(p.target), addr(p.source))
		if err != nil {
			return err
		}
		j = inst.Gate(*st, memory, time.Now(), inst.GatePolicy{Threshold: 10 * time.Second, CatchUp: time.Hour})
		if memory = j.Memory; j.Verdict == inst.GatePassed {
			p.t.Fatalf("the gate let it through: %+v of %+v", j, st)
		}
		if j.Verdict != want {
			return fmt.Errorf("gate says %+v of %+v", j, st)
		}
		return nil
	})
	return j
}

func TestWrongReplicationPasswordIsSaidAndMendedByARetry(t *testing.T) {
	for _, kind := range sandbox.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			p := newPair(t, sandbox.Options{Kind: kind})
			at := whole(p.copied())
			right := p.opt.ReplicationPassword
			p.opt.ReplicationPassword = "wr'ong\\ pass\""
			p.connect(at)
			j := p.verdict(inst.GateFailed)
			if j.Code != inst.CodeReplCredential || !strings.Contains(j.Hint, "ReplicationCredentialsQuery") {
				t.Errorf("%+v", j)
			}
			if strings.Contains(j.Text, "wr'ong") {
				t.Errorf("the password is shown: %+v", j)
			}
			p.opt.ReplicationPassword = right
			p.connect(at)
			p.arrives(2)
			p.passes()
		})
	}
}

func TestPurgedBinaryLogsArePermanent(t *testing.T) {
	for _, kind := range sandbox.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			p := newPair(t, sandbox.Options{Kind: kind})
			at := whole(p.copied())
			run(t, p.source, "INSERT INTO shop.t VALUES (2, 'lost')")
			p.purge(at.LogFile)
			run(t, p.source, "INSERT INTO shop.t VALUES (3, 'kept')")
			p.connect(at)
			if j := p.verdict(inst.GatePermanent); j.Code != inst.CodePurged || !strings.Contains(j.Hint, "kept longer") {
				t.Errorf("%+v", j)
			}
		})
	}
}

// purge has the source throw away its binary logs up to that file, which it puts off while it may need it.
func (p *pair) purge(file string) {
	p.t.Helper()
	run(p.t, p.source, "FLUSH BINARY LOGS")
	sandbox.Eventually(p.t, 20*time.Second, func() error {
		run(p.t, p.source, "PURGE BINARY LOGS BEFORE NOW() + INTERVAL 1 DAY")
		db := p.source.Open("")
		defer db.Close()
		rows, err := db.Query("SHOW BINARY LOGS")
		if err != nil {
			return err
		}
		defer rows.Close()
		columns, _ := rows.Columns()
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(sql.RawBytes)
		}
		for rows.Next() {
			if err := rows.Scan(values...); err != nil {
				return err
			}
			if name := string(*values[0].(*sql.RawBytes)); name == file {
				return fmt.Errorf("%s is still there", name)
			}
		}
		return rows.Err()
	})
}

func TestRowsThatAreThereAlreadyArePermanent(t *testing.T) {
	for _, kind := range sandbox.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			p := newPair(t, sandbox.Options{Kind: kind})
			at := whole(p.copied())
			run(t, p.target, "INSERT INTO shop.t VALUES (2, 'mine')")
			run(t, p.source, "INSERT INTO shop.t VALUES (2, 'new')")
			p.connect(at)
			if j := p.verdict(inst.GatePermanent); j.Code != inst.CodeDrift || !strings.Contains(j.Text, "1062") {
				t.Errorf("%+v", j)
			}
		})
	}
}

func TestTargetsThatMustNotBeTouchedAreRefused(t *testing.T) {
	p := newPair(t, sandbox.Options{Kind: sandbox.MariaDB})
	at := whole(p.copied())
	other := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MariaDB, ServerID: p.source.ServerID})
	mysql := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MySQL56})
	p.connect(at)
	p.passes()
	fileOnly := agentapi.Metadata{LogFile: at.LogFile, LogPos: at.LogPos}
	mysqlGTID := agentapi.Metadata{GtidExecuted: "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5"}
	for _, c := range []struct {
		name           string
		target, source inst.Address
		at             agentapi.Metadata
		text           string
	}{
		{"itself", addr(p.source), addr(p.source), at, "same server"},
		{"with a replica", addr(p.source), addr(other), at, "has replicas of its own"},
		{"of the same server_id", addr(other), addr(p.source), at, "same server_id"},
		{"of another flavour", addr(mysql), addr(p.target), fileOnly, "MySQL and the source is MariaDB"},
	} {
		t.Run(c.name, func(t *testing.T) { refused(t, p, c.target, c.source, c.at, c.text) })
	}
	run(t, other, "SET GLOBAL server_id = 77")
	t.Run("with the GTIDs of another flavour", func(t *testing.T) { refused(t, p, addr(other), addr(p.source), mysqlGTID, "one of MySQL") })
	t.Run("without a position", func(t *testing.T) { refused(t, p, addr(other), addr(p.source), agentapi.Metadata{}, "no position") })
	t.Run("with a position that nobody wrote", func(t *testing.T) {
		refused(t, p, addr(other), addr(p.source), agentapi.Metadata{GtidExecuted: "'; DROP TABLE x"}, "can't be read")
	})
	t.Run("with a file that is gone", func(t *testing.T) {
		refused(t, p, addr(other), addr(p.source), agentapi.Metadata{LogFile: "binlog.009999", LogPos: 4}, "no longer has binary log")
	})
}

// refused expects a permanent error and an untouched target.
func refused(t *testing.T, p *pair, target, source inst.Address, at agentapi.Metadata, text string) {
	t.Helper()
	var steps []string
	err := p.topology().ConnectReplica(testContext(t), target, source, at, func(s string) { steps = append(steps, s) })
	var e *inst.Error
	if !errors.As(err, &e) || !e.Permanent || e.Hint == "" || !strings.Contains(e.Error(), text) {
		t.Errorf("want a permanent error with a hint about %q, got %+v", text, err)
	}
	if len(steps) > 0 {
		t.Errorf("the target was touched: %q", steps)
	}
}
