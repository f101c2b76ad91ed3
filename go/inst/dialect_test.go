package inst

import (
	"strings"
	"testing"
)

func TestStatementsFollowTheServer(t *testing.T) {
	type words struct{ status, change, reset, position, stop, start, forget, replicas string }
	old := words{"SHOW SLAVE STATUS", "CHANGE MASTER TO ", "RESET MASTER", "SHOW MASTER STATUS", "STOP SLAVE", "START SLAVE", "RESET SLAVE ALL", "SHOW SLAVE HOSTS"}
	between := words{"SHOW REPLICA STATUS", "CHANGE REPLICATION SOURCE TO ", "RESET MASTER", "SHOW MASTER STATUS", "STOP REPLICA", "START REPLICA", "RESET REPLICA ALL", "SHOW REPLICAS"}
	modern := between
	modern.reset, modern.position = "RESET BINARY LOGS AND GTIDS", "SHOW BINARY LOG STATUS"
	maria := old
	maria.status = "SHOW ALL SLAVES STATUS"
	for version, want := range map[string]words{
		"5.6.24-log": old, "5.7.44": old, "8.0.21": old, "8.0.22": old, "8.0.23": between, "8.0.44": between, "8.1.0": between,
		"8.2.0": modern, "8.3.0": modern, "8.4.6": modern, "9.7.4-2": modern, "10.11.19-MariaDB-log": maria, "5.5.5-10.4.34-MariaDB": maria, "12.1.2-MariaDB": maria,
	} {
		v, err := ParseVersion(version)
		if err != nil {
			t.Fatal(err)
		}
		d := DialectOf(v)
		got := words{d.ShowReplicaStatus, d.ChangeSource, d.ResetBinaryLogs, d.ShowBinaryLogStatus, d.channel(d.StopReplica, ""),
			d.channel(d.StartReplica, ""), d.channel(d.ResetReplica, ""), d.ShowReplicas}
		if got != want {
			t.Errorf("%s:\ngot  %+v\nwant %+v", version, got, want)
		}
	}
}

func TestChannelsStandWhereTheServerExpectsThem(t *testing.T) {
	maria := DialectOf(Version{Flavour: MariaDB, Major: 10, Minor: 11})
	modern := DialectOf(Version{Flavour: MySQL, Major: 9, Minor: 7})
	for got, want := range map[string]string{
		maria.channel(maria.StopReplica, "o'b"):  "STOP SLAVE 'o''b'",
		maria.channel(maria.ResetReplica, "b"):   "RESET SLAVE 'b' ALL",
		modern.channel(modern.StopReplica, "b"):  "STOP REPLICA FOR CHANNEL 'b'",
		modern.channel(modern.ResetReplica, "b"): "RESET REPLICA ALL FOR CHANNEL 'b'",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// awkward are values that break careless quoting.
var awkward = []string{"", "'", "''", `\`, `\'`, `a\\b`, `"`, "a b", "a,b", "a:b", "a;b", "-- x", "/* x */", "ü", "日本", "%s", "`", "?", "#", "\t"}

func TestChangeStatementHoldsTheValuesAndErrorsDoNot(t *testing.T) {
	for _, password := range awkward {
		c := &connecting{session: &session{dialect: DialectOf(Version{Flavour: MySQL, Major: 9, Minor: 7}), version: Version{Flavour: MySQL, Major: 9, Minor: 7}},
			source: &session{addr: Address{Host: "src1", Port: 3306}}, from: &Instance{HasTLS: true}, to: &Instance{}, user: "re'pl", password: password}
		statement := c.changeStatement(position{file: "binlog.000001", pos: 4})
		for _, part := range []string{"SOURCE_PASSWORD = " + quote(password) + ",", "SOURCE_USER = 're''pl',", "SOURCE_SSL = 1", "GET_SOURCE_PUBLIC_KEY = 1", "SOURCE_AUTO_POSITION = 0"} {
			if !strings.Contains(statement, part) {
				t.Errorf("%s is not in %s", part, statement)
			}
		}
	}
	if got := firstWords("CHANGE MASTER TO MASTER_HOST = 'x', MASTER_PASSWORD = 'secret'"); got != "CHANGE MASTER TO" {
		t.Error(got)
	}
	if got := firstWords("select password from x"); got != "query" {
		t.Error(got)
	}
}

func TestPasswordsThatAReplicaCanNotKeepAreRefused(t *testing.T) {
	mysql, maria := Version{Flavour: MySQL}, Version{Flavour: MariaDB}
	for _, c := range []struct {
		v        Version
		password string
		ok       bool
	}{
		{mysql, strings.Repeat("ü", 32), true}, {mysql, strings.Repeat("x", 33), false}, {maria, strings.Repeat("x", 33), true},
		{maria, strings.Repeat("x", 97), false}, {maria, "a\nb", false}, {mysql, "a\x00b", false}, {mysql, "\xff", false}, {mysql, `'"\ ,:;ü`, true},
	} {
		if err := c.v.passable(c.password); (err == nil) != c.ok {
			t.Errorf("%s %q: %v", c.v.Flavour, c.password, err)
		}
	}
}
