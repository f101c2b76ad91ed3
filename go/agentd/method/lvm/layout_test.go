package lvm

import (
	"slices"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/datadir"
)

var layout = datadir.Layout{
	Real: "/data", Vars: map[string]string{
		"log_bin_basename": "/data/mysql-bin", "log_bin_index": "/data/other.idx", "relay_log_basename": "/data/relay", "log_error": "/data/db1.log",
		"innodb_data_file_path": "system1:10M;system2:10M:autoextend", "general_log_file": "query.txt",
	},
	Parts: []datadir.Part{{Variable: "innodb_log_group_home_dir", Path: "/fast"}, {Variable: "log_bin_basename", Path: "/logs"}, {Variable: "innodb_data_file_path", Path: "/fast"}},
}

func TestWhatIsTheServersOwnStaysAndEverythingElseTravels(t *testing.T) {
	f := filesOf(layout)
	for _, name := range []string{"auto.cnf", "mysql-bin.000001", "mysql-bin.index", "mysql-bin.state", "mysql-bin.000003.idx", "other.idx", "relay.000007", "relay-ch1.000002", "relay-ch1.index",
		"db1.log", "query.txt", "server-key.pem", "master.info", "relay-log.info", "relay-log-a.info", "multi-master.info", "host.pid", "mysql.sock", "mysql.sock.lock", "ibtmp1",
		"grastate.dat", "galera.cache", ".orchestrator-seed-data-snapshot-seed-1-ab"} {
		if !f.skip(name, file) {
			t.Errorf("%s travels", name)
		}
	}
	for _, name := range []string{"#innodb_temp", "lost+found"} {
		if !f.skip(name, dir) {
			t.Errorf("%s travels", name)
		}
	}
	for _, name := range []string{"ibdata1", "ib_logfile0", "undo001", "aria_log_control", "mysql.ibd", "ib_buffer_pool", "tc.log", "shop/auto.cnf", "shop/mysql-bin.000001", "mysql-bin-table.MYD", "relay_schema"} {
		if f.skip(name, file) {
			t.Errorf("%s stays", name)
		}
	}
	if !f.skip("metadata", file) || f.skip("metadata", dir) {
		t.Error("the position's file stays, and a schema of that name travels")
	}
}

func TestOfASeparateDirectoryOnlyTheServersFilesTravel(t *testing.T) {
	f := filesOf(layout)
	for name, stay := range map[string]bool{"ib_logfile0": false, "#innodb_redo": false, "system1": false, "system2": false, "notes.txt": true, "home": true, "mysql-bin.000001": true, "undo001": true} {
		if got := f.skipPart(name, file); got != stay {
			t.Errorf("%s: stays %v", name, got)
		}
	}
	if got := directories(layout); !slices.Equal(got, []string{"/data", "/fast"}) {
		t.Error(got)
	}
}

func TestTablesThatLieElsewhereAreFoundByTheirLinks(t *testing.T) {
	for name, want := range map[string]bool{"shop/t.isl": true, "old.sym": true, "shop/t.ibd": false} {
		if links(name) != want {
			t.Error(name)
		}
	}
}
