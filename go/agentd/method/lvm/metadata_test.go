package lvm

import (
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

const masterStatus = `*************************** 1. row ***************************
            File: mysql-bin.000003
        Position: 542
    Binlog_Do_DB: 
Binlog_Ignore_DB: 
Executed_Gtid_Set: 3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,
4e11fa47-71ca-11e1-9e33-c80aa9429562:1-77:80
`

func TestPositionIsReadInEveryFormThatScriptsWrite(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want agentapi.Metadata
	}{
		"ours":               {"File: binlog.000001\nPosition: 4\nExecuted_Gtid_Set: 0-11-1,1-2-3\n", agentapi.Metadata{LogFile: "binlog.000001", LogPos: 4, GtidExecuted: "0-11-1,1-2-3"}},
		"no GTID":            {"File: binlog.000001\nPosition: 4\n", agentapi.Metadata{LogFile: "binlog.000001", LogPos: 4}},
		"SHOW MASTER STATUS": {masterStatus, agentapi.Metadata{LogFile: "mysql-bin.000003", LogPos: 542, GtidExecuted: "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,4e11fa47-71ca-11e1-9e33-c80aa9429562:1-77:80"}},
		"other words":        {"SHOW MASTER STATUS:\n\tLog: a.000002\n\tPos: 99\n\tGTID:0-1-2\n\n", agentapi.Metadata{LogFile: "a.000002", LogPos: 99, GtidExecuted: "0-1-2"}},
		"carriage returns":   {"File: a.1\r\nPosition: 7\r\nExecuted_Gtid_Set: \r\n", agentapi.Metadata{LogFile: "a.1", LogPos: 7}},
		"several domains":    {"File: a.1\nPosition: 7\nExecuted_Gtid_Set: 0-1-2,\n1-1-9\nStarted: today\n", agentapi.Metadata{LogFile: "a.1", LogPos: 7, GtidExecuted: "0-1-2,1-1-9"}},
	} {
		if got, err := ParseMetadata(c.text); err != nil || got != c.want {
			t.Errorf("%s: %+v %v", name, got, err)
		}
		if got, err := ParseMetadata(metadataText(c.want)); err != nil || got != c.want {
			t.Errorf("%s, written again: %+v %v", name, got, err)
		}
	}
}

func TestTextWithoutAPositionIsAnError(t *testing.T) {
	for _, text := range []string{"", "File: a.1\n", "Position: 4\n", "File: a.1\nPosition: x\n", "File: a.1\nPosition: -4\n", "File: ../../etc/passwd\nPosition: 4\n", "<html>"} {
		if got, err := ParseMetadata(text); err == nil {
			t.Errorf("%q gave %+v", text, got)
		}
	}
}

func FuzzParseMetadata(f *testing.F) {
	f.Add(masterStatus)
	f.Add("File: binlog.000001\nPosition: 4\nExecuted_Gtid_Set: 0-11-1\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParseMetadata(text)
		if err != nil {
			return
		}
		if p.LogFile == "" || p.LogPos <= 0 || strings.ContainsAny(p.LogFile, "/ ") {
			t.Errorf("%q gave %+v", text, p)
		}
	})
}
