package datadir

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const helpSample = `mysqld  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)
Variables (--variable-name=value)
and boolean options {FALSE|TRUE}                             Value (after reading options)
------------------------------------------------------------ -------------
aria-log-dir-path                                            /var/lib/mysql/
datadir                                                      /var/lib/mysql/
innodb-data-file-path                                        ibdata1:12M:autoextend
innodb-log-group-home-dir                                    (No default value)
log-bin                                                      binlog
port                                                         3306
socket                                                       /run/mysqld/my sql.sock
datadir                                                      /again/

To see what values a running MySQL server is using, type
'mysqladmin variables' instead of 'mysqld --verbose --help'.
`

func TestHelpOfTheProgramTellsTheConfiguration(t *testing.T) {
	got := parseHelp(helpSample)
	for name, want := range map[string]string{
		"datadir": "/var/lib/mysql/", "innodb_data_file_path": "ibdata1:12M:autoextend", "log_bin_basename": "binlog", "port": "3306",
		"socket": "/run/mysqld/my sql.sock", "innodb_log_group_home_dir": "",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}

func FuzzParseHelp(f *testing.F) {
	f.Add(helpSample)
	f.Fuzz(func(t *testing.T, s string) {
		for name, v := range parseHelp(s) {
			if v == "" || strings.ContainsAny(name, " \n") || strings.ContainsRune(v, '\n') {
				t.Errorf("%q %q", name, v)
			}
		}
	})
}

func FuzzOpenForWriting(f *testing.F) {
	f.Add("pos:\t0\nflags:\t0100002\nmnt_id:\t25\nino:\t1\nlock:\t1: POSIX  ADVISORY  WRITE 1 fe:00:1 0 EOF\n")
	f.Add("pos:\t0\nflags:\t0100000\n")
	f.Fuzz(func(t *testing.T, s string) {
		if openForWriting(s) && !strings.Contains(s, "flags:") {
			t.Error("open without flags")
		}
	})
}

func FuzzReadLink(f *testing.F) {
	f.Add([]byte("/ssd/app/x.ibd"))
	f.Add([]byte("./app/x.ibd\n\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "x.isl")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if to, err := readLink(path); err == nil && strings.ContainsRune(to, 0) {
			t.Errorf("%q", to)
		}
	})
}

func TestSystemTablespaceOfManyFilesAndDirectories(t *testing.T) {
	l := Layout{DataDir: "/nosuch/mysql/", Vars: map[string]string{
		"innodb_data_home_dir": "/nosuch/home", "innodb_data_file_path": "ibdata1:12M;sub/ibdata2:1G;/nosuch/other/ibdata3:1G:autoextend:max:5G",
		"innodb_directories": "/nosuch/a; b", "log_bin_basename": "bin", "relay_log_basename": "/nosuch/relay/r", "innodb_undo_directory": "./",
	}}
	l.complete(nil)
	got := strings.Join(l.systemFiles(), " ")
	if got != "/nosuch/home/ibdata1 /nosuch/home/sub/ibdata2 /nosuch/other/ibdata3" {
		t.Error(got)
	}
	var parts []string
	for _, p := range l.Parts {
		parts = append(parts, p.Variable+"="+p.Path)
	}
	want := "innodb_data_home_dir=/nosuch/home innodb_doublewrite_dir=/nosuch/home innodb_data_file_path=/nosuch/home innodb_data_file_path=/nosuch/home/sub " +
		"innodb_data_file_path=/nosuch/other relay_log_basename=/nosuch/relay innodb_directories=/nosuch/a"
	if got := strings.Join(parts, " "); got != want {
		t.Error(got)
	}
	if l.Exists || l.Mode != 0o700 || l.FileMode != 0o640 || l.Real != "/nosuch/mysql" {
		t.Errorf("%+v", l)
	}
}
