package mydumper

import (
	"maps"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

var samples = map[string]struct {
	text string
	want Metadata
}{
	"0.10 of MariaDB": {"Started dump at: 2026-11-22 19:51:23\nSHOW MASTER STATUS:\n\tLog: binlog.000001\n\tPos: 15495835\n\tGTID:0-338705121-112\n\nFinished dump at: 2026-11-22 19:51:24\n",
		at("binlog.000001", 15495835, "0-338705121-112")},
	"0.10 of MySQL 9.7, which it can't ask": {"Started dump at: 2026-11-22 21:09:43\nFinished dump at: 2026-11-22 21:09:43\n", at("", 0, "")},
	"0.10 of MySQL, a set over lines, a replica": {"Started dump at: 2026-11-22 19:51:23\nSHOW MASTER STATUS:\n\tLog: mysql-bin.000002\n\tPos: 197\n\tGTID:3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,\n4e11fa47-71ca-11e1-9e33-c80aa9429562:1-7:9\n\n" +
		"SHOW SLAVE STATUS:\n\tHost: 127.0.0.9\n\tLog: other.000009\n\tPos: 4\n\tGTID:5e11fa47-71ca-11e1-9e33-c80aa9429562:1\n\nFinished dump at: 2026-11-22 19:51:24\n",
		at("mysql-bin.000002", 197, "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,4e11fa47-71ca-11e1-9e33-c80aa9429562:1-7:9")},
	"0.15": {"# Started dump at: 2026-11-22 19:51:23\n[config]\nquote_character = BACKTICK\n\n[master]\n# Channel_Name = '' # It can be use to setup replication FOR CHANNEL\nFile = mysql-bin.000002\nPosition = 197\n" +
		"Executed_Gtid_Set = 3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,\n4e11fa47-71ca-11e1-9e33-c80aa9429562:1-7\n\n[`shop`.`orders`]\nreal_table_name=orders\nrows = 3\n\n[`shop`.`mydumper_0`]\nreal_table_name=bestell ü\nrows = 0\n# Finished dump at: 2026-11-22 19:51:24\n",
		Metadata{Source: at("mysql-bin.000002", 197, "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,4e11fa47-71ca-11e1-9e33-c80aa9429562:1-7").Source,
			Tables: map[string]string{"shop.mydumper_0": "shop.bestell ü"}, Counts: map[string]int64{"shop.orders": 3, "shop.bestell ü": 0}}},
	"0.16 with quotes": {"# Started dump at: 2026-11-22 19:51:23\n[source]\nFile = \"binlog.000001\"\nPosition = 4\nExecuted_Gtid_Set = \"\"\n# Finished dump at: 2026-11-22 19:51:24\n",
		at("binlog.000001", 4, "")},
	"later, with a set over lines in quotes, and a replica's": {"# Started dump at: 2026-11-22 19:51:23\n[config]\nquote-character = DOUBLE_QUOTE\nlocal-infile = 1\n\n[myloader_session_variables]\nSQL_MODE='NO_AUTO_VALUE_ON_ZERO' /*!40101\n\n[source]\n# Channel_Name = ''\n#SOURCE_HOST = \"\"\n" +
		"SOURCE_LOG_FILE = \"binlog.000007\"\nSOURCE_LOG_POS = 1234\n#SOURCE_AUTO_POSITION = {0|1}\nexecuted_gtid_set = \"3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,\n4e11fa47-71ca-11e1-9e33-c80aa9429562:1-7\"\nmyloader_exec_reset_replica = 0\n\n" +
		"[replication]\nSOURCE_LOG_FILE = \"other.000001\"\nSOURCE_LOG_POS = 9\n\n[\"a\".\"b\"]\nrows = 17\n# Finished dump at: 2026-11-22 19:51:24\n",
		Metadata{Source: at("binlog.000007", 1234, "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,4e11fa47-71ca-11e1-9e33-c80aa9429562:1-7").Source, Counts: map[string]int64{"a.b": 17}}},
}

func at(file string, pos int64, gtid string) Metadata {
	return Metadata{Source: agentapi.Metadata{LogFile: file, LogPos: pos, GtidExecuted: gtid}}
}

func TestMetadataOfEveryFormatIsRead(t *testing.T) {
	for name, c := range samples {
		got, err := ParseMetadata(c.text)
		if err != nil || got.Source != c.want.Source || !maps.Equal(got.Tables, c.want.Tables) || !maps.Equal(got.Counts, c.want.Counts) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestMetadataWithoutAnEndOrAPositionIsAnError(t *testing.T) {
	for _, text := range []string{"", "Started dump at: 2026-11-22 19:51:23\nSHOW MASTER STATUS:\n\tLog: b.1\n\tPos: 4\n", "Finished dump at: now\n",
		"SHOW MASTER STATUS:\n\tLog: b.1\n\tPos: x\nFinished dump at: now\n", "SHOW SLAVE STATUS:\n\tLog: b.1\n\tPos: 4\nFinished dump at: now\n"} {
		m, err := ParseMetadata(text)
		if err == nil {
			_, err = m.position()
		}
		if err == nil {
			t.Errorf("%q gave %+v", text, m)
		}
	}
}

func FuzzMetadata(f *testing.F) {
	for _, s := range samples {
		f.Add(s.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMetadata(text)
		if err != nil {
			return
		}
		if pos, err := m.position(); err == nil && (pos.LogFile == "" || pos.LogPos <= 0) {
			t.Errorf("%q gave %+v", text, pos)
		}
		for name, n := range m.Counts {
			if n < 0 || name == "" {
				t.Errorf("%q gave %d rows of %q", text, n, name)
			}
		}
	})
}
