package mydumper

import (
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

var samples = map[string]struct {
	text string
	want agentapi.Metadata
}{
	"0.10 of MariaDB": {"Started dump at: 2026-11-22 19:51:23\nSHOW MASTER STATUS:\n\tLog: binlog.000001\n\tPos: 15495835\n\tGTID:0-338705121-112\n\nFinished dump at: 2026-11-22 19:51:24\n",
		agentapi.Metadata{LogFile: "binlog.000001", LogPos: 15495835, GtidExecuted: "0-338705121-112"}},
	"0.10 of MySQL, a set over lines, a replica": {"Started dump at: 2026-11-22 19:51:23\nSHOW MASTER STATUS:\n\tLog: mysql-bin.000002\n\tPos: 197\n\tGTID:3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,\n4e11fa47-71ca-11e1-9e33-c80aa9429562:1-7:9\n\n" +
		"SHOW SLAVE STATUS:\n\tHost: 127.0.0.9\n\tLog: other.000009\n\tPos: 4\n\tGTID:5e11fa47-71ca-11e1-9e33-c80aa9429562:1\n\nFinished dump at: 2026-11-22 19:51:24\n",
		agentapi.Metadata{LogFile: "mysql-bin.000002", LogPos: 197, GtidExecuted: "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,4e11fa47-71ca-11e1-9e33-c80aa9429562:1-7:9"}},
	"0.15": {"# Started dump at: 2026-11-22 19:51:23\n[config]\nquote_character = BACKTICK\n\n[master]\n# Channel_Name = '' # It can be use to setup replication FOR CHANNEL\nFile = mysql-bin.000002\nPosition = 197\n" +
		"Executed_Gtid_Set = 3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,\n4e11fa47-71ca-11e1-9e33-c80aa9429562:1-7\n\n[`shop`.`orders`]\nreal_table_name=orders\nrows = 3\n# Finished dump at: 2026-11-22 19:51:24\n",
		agentapi.Metadata{LogFile: "mysql-bin.000002", LogPos: 197, GtidExecuted: "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,4e11fa47-71ca-11e1-9e33-c80aa9429562:1-7"}},
	"0.16 with quotes": {"# Started dump at: 2026-11-22 19:51:23\n[source]\nFile = \"binlog.000001\"\nPosition = 4\nExecuted_Gtid_Set = \"\"\n# Finished dump at: 2026-11-22 19:51:24\n",
		agentapi.Metadata{LogFile: "binlog.000001", LogPos: 4}},
}

func TestMetadataOfEveryFormatIsRead(t *testing.T) {
	for name, c := range samples {
		got, err := ParseMetadata(c.text)
		if err != nil || got != c.want {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestMetadataWithoutAnEndOrAPositionIsAnError(t *testing.T) {
	for _, text := range []string{"", "Started dump at: 2026-11-22 19:51:23\nSHOW MASTER STATUS:\n\tLog: b.1\n\tPos: 4\n", "Finished dump at: now\n",
		"SHOW MASTER STATUS:\n\tLog: b.1\n\tPos: x\nFinished dump at: now\n", "SHOW SLAVE STATUS:\n\tLog: b.1\n\tPos: 4\nFinished dump at: now\n"} {
		if got, err := ParseMetadata(text); err == nil {
			t.Errorf("%q gave %+v", text, got)
		}
	}
}

func FuzzMetadata(f *testing.F) {
	for _, s := range samples {
		f.Add(s.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMetadata(text)
		if err == nil && (m.LogFile == "" || m.LogPos <= 0) {
			t.Errorf("%q gave %+v", text, m)
		}
	})
}
