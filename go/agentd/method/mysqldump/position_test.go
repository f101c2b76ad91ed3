package mysqldump

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

func TestPositionIsReadFromEveryVersionsHead(t *testing.T) {
	for file, want := range map[string]agentapi.Metadata{
		"mariadb-10.5.sql":  {LogFile: "mariadb-bin.000001", LogPos: 342, GtidExecuted: "0-1-100,1-2-33"},
		"mariadb-10.11.sql": {LogFile: "bin.000001", LogPos: 227735678, GtidExecuted: "0-31-47"},
		"mysql-5.6.sql":     {LogFile: "mysql-bin.000003", LogPos: 1191, GtidExecuted: "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5"},
		"mysql-5.7.sql": {LogFile: "binlog.000012", LogPos: 4294967297, GtidExecuted: "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7-9," +
			"4e11fa47-71ca-11e1-9e33-c80aa9429562:1-77,5e11fa47-71ca-11e1-9e33-c80aa9429562:1"},
		"mysql-8.0.sql": {LogFile: "binlog.000002", LogPos: 157, GtidExecuted: "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5," +
			"4e11fa47-71ca-11e1-9e33-c80aa9429562:1-77"},
		"mysql-8.4.sql": {LogFile: "binlog.000002", LogPos: 158, GtidExecuted: "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:backup:1-3," +
			"4e11fa47-71ca-11e1-9e33-c80aa9429562:1-77"},
		"mysql-9.7.sql": {LogFile: "binlog.000001", LogPos: 5560, GtidExecuted: "8be66e0b-e6a1-11f1-8ad9-02fc00000001:1-19"},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", "heads", file))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParsePosition(text); err != nil || got != want {
			t.Errorf("%s: got %+v, %v\nwant %+v", file, got, err, want)
		}
	}
}

func TestDumpWithoutAPositionIsAnError(t *testing.T) {
	for _, text := range []string{"", "-- MySQL dump 10.13\n", "SET @@GLOBAL.GTID_PURGED='3e11:1-5,\n", "-- CHANGE MASTER TO MASTER_LOG_FILE='a', MASTER_LOG_POS=99999999999999999999;\n"} {
		if m, err := ParsePosition([]byte(text)); err == nil {
			t.Errorf("%q gave %+v", text, m)
		}
	}
}

func FuzzParsePosition(f *testing.F) {
	files, err := filepath.Glob("testdata/heads/*.sql")
	if err != nil || len(files) == 0 {
		f.Fatal("no samples", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := ParsePosition(text)
		if err != nil {
			return
		}
		if m.LogFile == "" || m.LogPos <= 0 || strings.ContainsAny(m.GtidExecuted, "'\n") {
			t.Errorf("%q gave %+v", text, m)
		}
	})
}
