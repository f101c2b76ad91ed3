package gtid_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/orchestrator-seed/orchestrator-seed/go/inst/gtid"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// oracle is one connection to a server that is asked what is right.
func oracle(t *testing.T, opts sandbox.Options) (*sql.Conn, context.Context) {
	t.Helper()
	s := sandbox.StartT(t, opts)
	ctx := t.Context()
	db := s.Open("")
	conn, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); db.Close() })
	return conn, ctx
}

func TestMySQLSetsMeanWhatTheServerSaysTheyMean(t *testing.T) {
	conn, ctx := oracle(t, sandbox.Options{Kind: sandbox.MySQL97})
	query, err := conn.PrepareContext(ctx, `SELECT GTID_SUBTRACT(?, ''), GTID_SUBTRACT(?, ?), GTID_SUBTRACT(CONCAT(?, ',', ?), ''), GTID_SUBSET(?, ?)`)
	if err != nil {
		t.Fatal(err)
	}
	defer query.Close()
	rapid.Check(t, func(rt *rapid.T) {
		a, b := mysqlText().Draw(rt, "a"), mysqlText().Draw(rt, "b")
		var normal, minus, union string
		var subset bool
		if err := query.QueryRowContext(ctx, a, a, b, a, b, a, b).Scan(&normal, &minus, &union, &subset); err != nil {
			rt.Fatal(err)
		}
		sa, err := gtid.ParseMySQL(a)
		if err != nil {
			rt.Fatal(err)
		}
		sb, err := gtid.ParseMySQL(b)
		if err != nil {
			rt.Fatal(err)
		}
		same(rt, "normal form", sa.String(), normal)
		same(rt, "subtract", sa.Subtract(sb).String(), minus)
		same(rt, "union", sa.Union(sb).String(), union)
		if sb.Contains(sa) != subset {
			rt.Fatalf("%s contains %s: %t, server: %t", sb, sa, !subset, subset)
		}
	})
}

// same compares with the server's form, which breaks lines between servers.
func same(rt *rapid.T, what, got, want string) {
	if want = strings.ReplaceAll(want, "\n", ""); got != want {
		rt.Fatalf("%s: %q, server: %q", what, got, want)
	}
}

func TestMySQLTextsAreRefusedWhereTheServerRefusesThem(t *testing.T) {
	conn, ctx := oracle(t, sandbox.Options{Kind: sandbox.MySQL97})
	query, err := conn.PrepareContext(ctx, `SELECT GTID_SUBTRACT(?, '')`)
	if err != nil {
		t.Fatal(err)
	}
	defer query.Close()
	parts := rapid.SampledFrom([]string{
		"3e11fa47-71ca-11e1-9e33-c80aa9429562", "3E11FA4771CA11E19E33C80AA9429562", "3e11fa47-71ca-11e1-9e33", ":", ":", ":", "-", ",", "1", "5", "7", "0", "9", "01",
		"tag", "T_1", "1tag", " ", "\n", "\t", "x", "", "*", "9223372036854775806", "9223372036854775807", "99999999999999999999", "{", "}",
		"abcdefghijklmnopqrstuvwxyz_01234", "abcdefghijklmnopqrstuvwxyz_012345", "AUTOMATIC", ":1-3", ":tag:1",
	})
	rapid.Check(t, func(rt *rapid.T) {
		text := "3e11fa47-71ca-11e1-9e33-c80aa9429562" + strings.Join(rapid.SliceOfN(parts, 1, 8).Draw(rt, "parts"), "")
		var normal string
		serverErr := query.QueryRowContext(ctx, text).Scan(&normal)
		set, err := gtid.ParseMySQL(text)
		// We are stricter in one thing: a UUID or tag without numbers, as a cut text has, is not an empty set.
		cut := err != nil && strings.Contains(err.Error(), "has no numbers")
		if !cut && (err == nil) != (serverErr == nil) {
			rt.Fatalf("%q: we say %v, the server %v (%q)", text, err, serverErr, normal)
		}
		if err == nil {
			same(rt, "normal form", set.String(), normal)
		}
	})
}

// mysqlText writes sets as untidily as servers take them.
func mysqlText() *rapid.Generator[string] {
	uuids := rapid.SampledFrom([]string{"3e11fa47-71ca-11e1-9e33-c80aa9429562", "3E11FA47-71CA-11E1-9E33-C80AA9429562", "00000000-0000-0000-0000-000000000000",
		"ffffffff-ffff-ffff-ffff-ffffffffffff", "3e11fa47-71ca-11e1-9e33-c80aa9429561"})
	tags := rapid.SampledFrom([]string{"", "", "a", "A", "b_2", "_", "tag"})
	blank := rapid.SampledFrom([]string{"", "", "", " ", "\n", "\t "})
	return rapid.Custom(func(t *rapid.T) string {
		var items []string
		for range rapid.IntRange(0, 4).Draw(t, "items") {
			sp := func() string { return blank.Draw(t, "blank") }
			item := sp() + uuids.Draw(t, "uuid") + sp()
			for range rapid.IntRange(1, 4).Draw(t, "intervals") {
				if tag := tags.Draw(t, "tag"); tag != "" {
					item += ":" + sp() + tag + sp()
				}
				first := rapid.Int64Range(1, 30).Draw(t, "first")
				item += fmt.Sprintf(":%s%d", sp(), first)
				if rapid.Bool().Draw(t, "range") {
					item += fmt.Sprintf("%s-%s%d", sp(), sp(), first+rapid.Int64Range(0, 9).Draw(t, "more"))
				}
				item += sp()
			}
			items = append(items, item)
		}
		return strings.Join(items, ",")
	})
}

func TestMariaDBPositionsMeanWhatTheServerSaysTheyMean(t *testing.T) {
	conn, ctx := oracle(t, sandbox.Options{Kind: sandbox.MariaDB, NoBinlog: true})
	rapid.Check(t, func(rt *rapid.T) {
		have, want := mariaDBSet(rt, "have").Position(), mariaDBSet(rt, "want").Position()
		if _, err := conn.ExecContext(ctx, "SET GLOBAL gtid_slave_pos = '"+have.String()+"'"); err != nil {
			rt.Fatal(err)
		}
		var back string
		var waited int
		if err := conn.QueryRowContext(ctx, "SELECT @@GLOBAL.gtid_slave_pos, MASTER_GTID_WAIT('"+want.String()+"', 0)").Scan(&back, &waited); err != nil {
			rt.Fatal(err)
		}
		got, err := gtid.ParseMariaDB(back)
		if err != nil || !got.Equal(have) {
			rt.Fatalf("set to %s, server gives back %q, %v", have, back, err)
		}
		if have.Contains(want) != (waited == 0) {
			rt.Fatalf("%s contains %s: %t, server %d", have, want, waited != 0, waited)
		}
	})
}

func TestMariaDBStatesWithSeveralServersInADomainAreReadBackFromTheServer(t *testing.T) {
	conn, ctx := oracle(t, sandbox.Options{Kind: sandbox.MariaDB})
	rapid.Check(t, func(rt *rapid.T) {
		set := mariaDBSet(rt, "state")
		var back string
		for _, statement := range []string{"RESET MASTER", "SET GLOBAL gtid_binlog_state = '" + set.String() + "'"} {
			if _, err := conn.ExecContext(ctx, statement); err != nil {
				rt.Fatal(err)
			}
		}
		if err := conn.QueryRowContext(ctx, "SELECT @@GLOBAL.gtid_binlog_state").Scan(&back); err != nil {
			rt.Fatal(err)
		}
		if got, err := gtid.ParseMariaDB(back); err != nil || !got.Equal(set) {
			rt.Fatalf("set to %s, server gives back %q, %v", set, back, err)
		}
	})
}

func mariaDBSet(rt *rapid.T, label string) gtid.MariaDBSet {
	var items []string
	for range rapid.IntRange(0, 6).Draw(rt, label) {
		items = append(items, fmt.Sprintf("%d-%d-%d", rapid.SampledFrom([]uint32{0, 1, 7, 4294967295}).Draw(rt, "domain"),
			rapid.Uint32Range(1, 3).Draw(rt, "server"), rapid.Uint64Range(1, 9).Draw(rt, "sequence")))
	}
	set, err := gtid.ParseMariaDB(strings.Join(items, ","))
	if err != nil {
		rt.Fatal(err)
	}
	return set
}
