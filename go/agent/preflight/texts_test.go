package preflight

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSizesAreShownInBinaryUnits(t *testing.T) {
	for bytes, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 1<<20 - 1: "1.0 MiB", 39911424: "38.1 MiB",
		5 * gib / 2: "2.5 GiB", 1 << 40: "1.0 TiB", 1<<63 - 1: "8.0 EiB",
	} {
		if got := size(bytes); got != want {
			t.Errorf("%d: %q, want %q", bytes, got, want)
		}
	}
}

func TestTheUserIsTakenOutOfAnAccount(t *testing.T) {
	for account, want := range map[string]string{
		"'agent'@'127.0.0.1'": "agent", "'a@b'@'%'": "a@b", "'o''neill'@'%'": "o'neill", `'o\'neill'@'%'`: "o'neill", `'back\\slash'@'%'`: `back\slash`, "root@localhost": "root", "''@'%'": "", "bare": "bare", "'": "'",
	} {
		if got := accountUser(account); got != want {
			t.Errorf("%s: %q, want %q", account, got, want)
		}
	}
}

var toolLines = map[string][2]int{
	"mariabackup based on MariaDB server 10.11.19-MariaDB debian-linux-gnu (x86_64)":                             {10, 11},
	"mariadb-backup based on MariaDB server 11.8.3-MariaDB Linux (x86_64)":                                       {11, 8},
	"xtrabackup version 8.0.35-30 based on MySQL server 8.0.35 Linux (x86_64) (revision id: 6beb4b49)":           {8, 0},
	"xtrabackup version 2.4.29 based on MySQL server 5.7.44 Linux (x86_64) (revision id: 2e6c0951)":              {2, 4},
	"[00] 2026-11-22 16:37:48 mariabackup based on MariaDB server 10.5.21-MariaDB debian-linux-gnu (x86_64)":     {10, 5},
	"xtrabackup version 8.4.0-1 based on MySQL server 8.4.0 Linux (x86_64) (revision id: da6e1abd) of 2024-05-1": {8, 4},
}

func TestTheSeriesOfBackupProgramsIsRead(t *testing.T) {
	for line, want := range toolLines {
		major, minor, ok := toolSeries(line)
		if !ok || major != want[0] || minor != want[1] {
			t.Errorf("%q: %d.%d %v", line, major, minor, ok)
		}
	}
	for _, line := range []string{"", "sh: not found", "version 10", "99999999999.1.1"} {
		if _, _, ok := toolSeries(line); ok {
			t.Errorf("%q has a series", line)
		}
	}
}

func FuzzToolSeries(f *testing.F) {
	for line := range toolLines {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		major, minor, ok := toolSeries(line)
		if !ok && (major != 0 || minor != 0) || major < 0 || minor < 0 {
			t.Errorf("%q: %d.%d %v", line, major, minor, ok)
		}
	})
}

func FuzzAccountUser(f *testing.F) {
	for _, account := range []string{"'agent'@'127.0.0.1'", "'o''neill'@'%'", `'o\'neill'@'%'`, "'a@b'@'::1'", "root@localhost", "@"} {
		f.Add(account)
	}
	f.Fuzz(func(t *testing.T, account string) {
		user := accountUser(account)
		if len(user) > len(account) || utf8.ValidString(account) && !utf8.ValidString(user) || strings.HasPrefix(account, "'x'@") && user != "x" && !strings.Contains(account[4:], "@") {
			t.Errorf("%q: %q", account, user)
		}
	})
}
