package mysqldump

import (
	"slices"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpfile"
)

func TestOnlyPlainKeysAreMadeLater(t *testing.T) {
	const start, end = "CREATE TABLE `t` (\n  `a` int(11) NOT NULL,\n  `KEY ` text COMMENT 'KEY `x` (`y`)',\n  PRIMARY KEY (`a`),\n", "\n) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4"
	for body, want := range map[string][]string{
		"  UNIQUE KEY `u` (`a`),\n  KEY `k` (`a`),\n  KEY `l` (`a` DESC) COMMENT 'x'": {"KEY `k` (`a`)", "KEY `l` (`a` DESC) COMMENT 'x'"},
		"  KEY `k` (`a`),\n  CONSTRAINT `c` CHECK (`a` > 1)":                          {"KEY `k` (`a`)"},
		"  KEY `k` (`a`),\n  FULLTEXT KEY `f` (`b`)":                                  nil,
		"  KEY `k` (`a`),\n  CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `p` (`a`)":   nil,
		"  UNIQUE KEY `u` (`a`)": nil,
	} {
		var got []string
		if k := planKeys(start + body + end); k != nil {
			got = k.add
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s\ngave %q, want %q", body, got, want)
		}
	}
	if k := planKeys(strings.Replace(start+"  KEY `k` (`a`)"+end, "InnoDB", "MyISAM", 1)); k == nil || !k.enable {
		t.Error("keys of a MyISAM table are not disabled")
	}
}

func TestHugeTableIsSharedByTheStreams(t *testing.T) {
	var frames []dumpfile.Frame
	for range 40 {
		frames = append(frames, dumpfile.Frame{Kind: dumpfile.Data, DB: "d", Name: "huge", Raw: frameSize})
	}
	for _, name := range []string{"a", "b", "c"} {
		frames = append(frames, dumpfile.Frame{Kind: dumpfile.Data, DB: "d", Name: name, Raw: 1000})
	}
	parts := splitTables(tablesWithRows(frames), 2)
	seen := 0
	for i, p := range parts {
		seen += len(p.frames)
		if i < 4 && p.table.name != "huge" {
			t.Errorf("part %d is of %s: the largest table is to come first", i, p.table.name)
		}
	}
	if seen != len(frames) || parts[0].table.parts.Load() < 2 {
		t.Errorf("%d of %d frames in %d parts", seen, len(frames), len(parts))
	}
	if one := splitTables(tablesWithRows(frames), 1); len(one) != 4 {
		t.Errorf("for one stream there are %d parts of 4 tables", len(one))
	}
}

func TestUsersOptionsMayNotChangeTheDump(t *testing.T) {
	for _, option := range []string{"--where=1=0", "--mast=1", "--skip-routines", "--no_data", "--loose-force", "--skip-comments", "-d", "shop", "--result-file=/tmp/x",
		"--password=x", "--host=other", "--opt=0", "--single-transactio=0", "--ignore-table=a.b", "--"} {
		if _, err := checkExtra([]string{option}); err == nil {
			t.Errorf("%s was allowed", option)
		}
	}
	keep, err := checkExtra([]string{"--single-transaction", "--quick", "--compress", "--ssl-ca=/etc/ca.pem", "--skip-ssl-verify-server-cert"})
	if want := []string{"--compress", "--ssl-ca=/etc/ca.pem", "--skip-ssl-verify-server-cert"}; err != nil || !slices.Equal(keep, want) {
		t.Errorf("kept %q, %v; want %q", keep, err, want)
	}
}
