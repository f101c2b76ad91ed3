package sandbox

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestReplicaUnderWriteLoadCatchesUpAndComparesEqual(t *testing.T) {
	for _, c := range []struct {
		kind   Kind
		byGTID bool
	}{{MariaDB, true}, {MariaDB, false}, {MySQL97, true}, {MySQL97, false}, {MySQL56, true}, {MySQL56, false}} {
		t.Run(fmt.Sprintf("%s by GTID %v", c.kind, c.byGTID), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			opts := Options{Kind: c.kind, Passwords: AwkwardPasswords(), GTID: c.byGTID, NoGTID: !c.byGTID}
			source := StartT(t, opts)
			db := source.Open("")
			if err := Fill(ctx, db, FillOptions{NoObjects: true, Bytes: 1 << 20, Tables: 1}); err != nil {
				t.Fatal(err)
			}
			if err := source.Stop(ctx); err != nil {
				t.Fatal(err)
			}
			opts.Data = source.Datadir
			replica := StartT(t, opts)
			if err := source.Restart(ctx); err != nil {
				t.Fatal(err)
			}
			if err := MakeReplica(ctx, replica, source, c.byGTID); err != nil {
				t.Fatal(err)
			}
			load, err := WriteLoad(ctx, db, LoadOptions{Rate: 500, Bulk: "sbtest.sbtest1", DDL: true})
			if err != nil {
				t.Fatal(err)
			}
			Eventually(t, 30*time.Second, func() error {
				if rows := load.Rows(); rows < 1500 {
					return fmt.Errorf("%d rows written", rows)
				}
				return nil
			})
			rows, err := load.Stop()
			if err != nil || load.Errors() != 0 {
				t.Fatal(err)
			}
			began := time.Now()
			if err := WaitReplica(ctx, replica.Open(""), db); err != nil {
				t.Fatal(err)
			}
			t.Logf("%d rows; caught up %s after the load", rows, time.Since(began))
			differences, err := Compare(ctx, db, replica.Open(""))
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range differences {
				t.Error(d)
			}
		})
	}
}

func TestWaitReplicaReturnsTheErrorThatStoppedReplication(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	source, replica := StartT(t, Options{Kind: MariaDB}), StartT(t, Options{Kind: MariaDB})
	if err := MakeReplica(ctx, replica, source, true); err != nil {
		t.Fatal(err)
	}
	a, b := source.Open(""), replica.Open("")
	if _, err := a.Exec("CREATE TABLE mysql.twice (id INT PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	if err := WaitReplica(ctx, b, a); err != nil {
		t.Fatal(err)
	}
	for _, db := range []*sql.DB{b, a} {
		if _, err := db.Exec("INSERT INTO mysql.twice VALUES (1)"); err != nil {
			t.Fatal(err)
		}
	}
	err := WaitReplica(ctx, b, a)
	if err == nil || !strings.Contains(err.Error(), "1062") {
		t.Errorf("error is %v, want the replica's 1062", err)
	}
	if err := WaitReplica(ctx, a, b); err == nil || !strings.Contains(err.Error(), "no replica") {
		t.Errorf("error of a server that is no replica is %v", err)
	}
}

func TestEventsMayBeDisabledOnTheReplicaOnly(t *testing.T) {
	enabled := "Create Event: CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY ENABLE DO SELECT 1"
	disabled := strings.Replace(enabled, " ENABLE ", " DISABLE ON SLAVE ", 1)
	for _, c := range []struct {
		a, b  string
		alike bool
	}{
		{enabled, enabled, true}, {enabled, disabled, true}, {disabled, enabled, false}, {disabled, disabled, true},
		{enabled, strings.Replace(enabled, " ENABLE ", " DISABLE ON REPLICA ", 1), true},
		{enabled, strings.Replace(enabled, " ENABLE ", " DISABLE ", 1), false},
		{enabled, strings.Replace(disabled, "SELECT 1", "SELECT 2", 1), false},
	} {
		got := len(inventory{"event `s`.`e`": c.a}.differences(inventory{"event `s`.`e`": c.b})) == 0
		if got != c.alike {
			t.Errorf("alike is %v for source %q and replica %q", got, c.a, c.b)
		}
	}
}
