package cloneplugin

import (
	"errors"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

func TestSettingsAreTakenInBothSpellingsAndWrongOnesAreNamed(t *testing.T) {
	s, ignored, err := parseSettings(map[string]string{
		"clone-buffer-size": "8388608", "clone_enable_compression": "true", "clone-ssl-ca": "/etc/ca.pem", "clone-block-ddl": "false",
		"clone-valid-donor-list": "a:1", "clone-ssl-key": "",
	})
	if err != nil {
		t.Fatal(err)
	}
	if s["clone_buffer_size"] != int64(8388608) || s["clone_enable_compression"] != "ON" || s["clone_ssl_ca"] != "/etc/ca.pem" || len(s) != 4 {
		t.Errorf("%v", s)
	}
	if got := strings.Join(ignored, " "); got != "clone-ssl-key clone-valid-donor-list" {
		t.Errorf("ignored %q", got)
	}
	if of := s.ofSource(); len(of) != 1 || of["clone_block_ddl"] != "OFF" {
		t.Errorf("of the source: %v", of)
	}
	for key, value := range map[string]string{"clone-bufer-size": "1", "clone-buffer-size": "8M", "clone-block-ddl": "maybe", "clone_max_concurrency": "-1"} {
		if _, _, err := parseSettings(map[string]string{key: value}); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s = %s: %v", key, value, err)
		}
	}
}

func TestServersThatCannotBeClonedToEachOther(t *testing.T) {
	of := func(v string) *facts {
		s, err := host.ParseServer(v)
		if err != nil {
			t.Fatal(err)
		}
		return &facts{version: s, platform: "Linux x86_64", pageSize: 16384, dataFile: "ibdata1:12M:autoextend", packet: 64 << 20}
	}
	for _, c := range []struct {
		source, target string
		works          bool
	}{
		{"8.0.17", "8.0.17", true}, {"8.0.36", "8.0.37", false}, {"8.0.37", "8.0.36", false}, {"8.0.37", "8.0.42", true}, {"8.0.42", "8.0.37", true},
		{"8.4.0", "8.4.3", true}, {"8.0.42", "8.4.0", false}, {"9.6.0", "9.7.0", false}, {"9.7.4-2", "9.7.4", true},
	} {
		if why := apart(of(c.source), of(c.target)); (why == "") != c.works {
			t.Errorf("%s to %s: %q", c.source, c.target, why)
		}
	}
	for what, change := range map[string]func(*facts){
		"runs on": func(f *facts) { f.platform = "Linux aarch64" }, "innodb_page_size": func(f *facts) { f.pageSize = 4096 },
		"innodb_data_file_path": func(f *facts) { f.dataFile = "ibdata1:1G" }, "max_allowed_packet": func(f *facts) { f.packet = 1 << 20 },
	} {
		other := of("9.7.4")
		change(other)
		if why := apart(of("9.7.4"), other); !strings.Contains(why, what) {
			t.Errorf("want %s, got %q", what, why)
		}
	}
}

func TestErrorsOfTheServerBecomeCodesWithHints(t *testing.T) {
	for _, c := range []struct {
		number     uint16
		text, code string
	}{
		{3862, "Clone Donor Error: Connect failed: 1045 : Access denied for user 'clo'@'127.0.0.1' (using password: YES).", CodeDonor},
		{3862, "Clone Donor Error: Connect failed: 2003 : Can't connect to MySQL server on '127.0.0.9:3306' (111).", CodeDonor},
		{3862, "Clone Donor Error: 1227 : Access denied; you need (at least one of) the BACKUP_ADMIN privilege(s) for this operation.", CodePrivileges},
		{3862, "Clone Donor Error: 1524 : Plugin 'clone' is not loaded.", CodePlugin},
		{1158, "Got an error reading communication packets", CodeDonor},
		{3873, "Clone estimated database size is 478.23 MiB. Available space 99.99 MiB is not enough.", CodeDiskFull},
		{1006, "Can't create database '/proc/x/e/' (errno: 2 - No such file or directory)", CodeDirectory},
		{3632, "Path is within the current data directory '/data/x'", CodeDirectory},
		{1086, "File '/ext/d/dd.ibd' already exists", CodeOutside},
		{1525, "Incorrect file path value: '/ext/ts2.ibd'", CodeOutside},
		{3957, "Clone needs max_allowed_packet value to be 2097152 or more. Current value is 1048576", CodeMismatch},
		{3870, "Clone Donor plugin x is not active in Recipient.", CodeMismatch},
		{3633, "Concurrent DDL is performed during clone operation. Please try again.", CodeDonor},
		{3634, "Too many concurrent clone operations. Maximum allowed - 1.", CodeBusy},
		{3874, "Concurrent clone in progress. Please try after clone is complete.", CodeBusy},
		{0, "invalid connection", CodeConnection},
		{1105, "Unknown error", CodeFailed},
	} {
		var e *method.StageError
		if err := cloneError(c.number, c.text, errors.New(c.text)); !errors.As(err, &e) || e.Code != c.code || e.Hint == "" {
			t.Errorf("%d %s: %+v", c.number, c.text, e)
		}
	}
}

func TestStatementKeepsAwkwardNamesAndPasswords(t *testing.T) {
	got := cloneStatement(`o'ne`, `a\b'c"d ü`, host.Address{Host: "db-1", Port: 3306}, "/data.new/clone", true)
	want := `CLONE INSTANCE FROM 'o''ne'@'db-1':3306 IDENTIFIED BY 'a\\b''c"d ü' DATA DIRECTORY = '/data.new/clone' REQUIRE SSL`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestBandwidthInMebibytesNeverRoundsToNone(t *testing.T) {
	for _, c := range []struct{ limit, configured, want int64 }{
		{0, 0, 0}, {0, 7, 7}, {1, 0, 1}, {3 << 20, 0, 3}, {3<<20 + 5, 2, 2}, {3 << 20, 9, 3},
	} {
		if got := mib(c.limit, c.configured); got != c.want {
			t.Errorf("mib(%d, %d) = %d, want %d", c.limit, c.configured, got, c.want)
		}
	}
}

func FuzzGlobalPrivileges(f *testing.F) {
	for _, line := range []string{
		"GRANT USAGE ON *.* TO `viarole`@`%`", "GRANT BACKUP_ADMIN ON *.* TO `viarole`@`%`", "GRANT `br`@`%` TO `viarole`@`%`",
		"GRANT SELECT, INSERT, PROCESS ON *.* TO `a`@`%` WITH GRANT OPTION", "GRANT ALL PRIVILEGES ON *.* TO 'root'@'localhost'",
		"GRANT SELECT (a, b) ON `d`.`t` TO `a ON *.* TO `@`%`", "REVOKE SELECT ON `d`.* FROM `a`@`%`", "",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		has := globalPrivileges([]string{line})
		if len(has) > 0 && !strings.HasPrefix(line, "GRANT ") {
			t.Errorf("%q grants %v", line, has)
		}
		user, host := cutAccount(line)
		if strings.Contains(line, "@") && user+"@"+host != line {
			t.Errorf("%q was cut into %q and %q", line, user, host)
		}
	})
}

func TestDiskThatRanFullAtTheFirstStartOnACloneAsksForANewSeed(t *testing.T) {
	start := func(hint string) error {
		return startError(&method.StageError{Code: codeNotStarted, Text: "MySQL does not start on the new data", Hint: "agent-retry-seed tries again; the log ends:\n" + hint})
	}
	var e *method.StageError
	full := start("[ERROR] [MY-012640] [InnoDB] Error number 28 means 'No space left on device'")
	if !errors.As(full, &e) || e.Code != CodeDiskFull || !e.Permanent || !strings.Contains(e.Hint, "start a new seed") {
		t.Errorf("%+v", full)
	}
	if err := start("[ERROR] [MY-010119] [Server] Aborting"); !errors.As(err, &e) || e.Code != codeNotStarted || e.Permanent {
		t.Errorf("%+v", err)
	}
	if err := startError(nil); err != nil {
		t.Error(err)
	}
}
