package xtrabackup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
)

func TestPositionIsReadInEveryFormat(t *testing.T) {
	for text, want := range map[string]agentapi.Metadata{
		"binlog.000001\t15499587\t0-84445744-128\n":            {LogFile: "binlog.000001", LogPos: 15499587, GtidExecuted: "0-84445744-128"},
		"binlog.000001\t328\t\n":                               {LogFile: "binlog.000001", LogPos: 328},
		"mysql-bin.000012\t4\n":                                {LogFile: "mysql-bin.000012", LogPos: 4},
		"a.b c.1234567\t99\t0-1-2,1-3-4\n":                     {LogFile: "a.b c.1234567", LogPos: 99, GtidExecuted: "0-1-2,1-3-4"},
		"binlog.000003\t157\taaaa:1-5,\nbbbb:1-3:7,\ncccc:1\n": {LogFile: "binlog.000003", LogPos: 157, GtidExecuted: "aaaa:1-5,bbbb:1-3:7,cccc:1"},
	} {
		if got, err := parseBinlogInfo(text); err != nil || got != want {
			t.Errorf("%q is %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "\n", "binlog.000001", "binlog.000001\t\t", "binlog.000001\t-4\t", "\t4\t", "binlog\t4\t", "binlog.000001 4"} {
		if got, err := parseBinlogInfo(text); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
}

func TestNewNamesOfMariaDBsFilesCountBeforeOldOnes(t *testing.T) {
	dir := t.TempDir()
	if _, err := readInfo(dir, binlogInfoNames); !os.IsNotExist(err) && err == nil {
		t.Errorf("read a file that isn't there: %v", err)
	}
	for i := range binlogInfoNames {
		name := binlogInfoNames[len(binlogInfoNames)-1-i]
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := readInfo(dir, binlogInfoNames); err != nil || got != name {
			t.Errorf("read %q, %v; want %s", got, err, name)
		}
	}
}

const mariaCheckpoints = "backup_type = full-backuped\nfrom_lsn = 0\nto_lsn = 1242740985\nlast_lsn = 1246793615\nrecover_binlog_info = 0\n"

func TestCopyCountsOnlyWhenItIsWhole(t *testing.T) {
	change := func(old, new string) string { return strings.Replace(mariaCheckpoints, old, new, 1) }
	for _, c := range []struct {
		text           string
		good, prepared bool
	}{
		{mariaCheckpoints, true, false},
		{change("full-backuped", "log-applied"), true, true},
		{change("full-backuped", "full-prepared"), true, true},
		{change("full-backuped", "incremental"), false, false},
		{change("from_lsn = 0", "from_lsn = 12"), false, false},
		{change("last_lsn = 1246793615", "last_lsn = 12"), false, false},
		{change("last_lsn = 1246793615", ""), false, false},
		{"", false, false},
	} {
		got, err := parseCheckpoints(c.text)
		if err == nil {
			err = got.check()
		}
		if (err == nil) != c.good || c.good && got.prepared() != c.prepared {
			t.Errorf("%q: %v, prepared %v", c.text, err, got.prepared())
		}
	}
}

func TestToolFitsOnlyItsServers(t *testing.T) {
	const maria = "mariabackup based on MariaDB server %s debian-linux-gnu (x86_64)"
	percona := func(tool, base string) string {
		return "xtrabackup: recognized server arguments: --datadir=/x\nxtrabackup version " + tool + " based on MySQL server " + base + " Linux (x86_64) (revision id: 2e6c0951)"
	}
	for _, c := range []struct {
		printed, server string
		fits            bool
	}{
		{strings.Replace(maria, "%s", "10.11.19-MariaDB", 1), "10.11.19-MariaDB-0+deb12u1-log", true},
		{strings.Replace(maria, "%s", "10.11.2-MariaDB", 1), "10.11.19-MariaDB", true},
		{strings.Replace(maria, "%s", "10.6.4-MariaDB", 1), "10.11.19-MariaDB", false},
		{strings.Replace(maria, "mariabackup", "/usr/bin/mariadb-backup", 1), "11.8.1-MariaDB", false},
		{strings.Replace(strings.Replace(maria, "%s", "11.8.2-MariaDB", 1), "mariabackup", "mariadb-backup", 1), "11.8.1-MariaDB", true},
		{strings.Replace(maria, "%s", "10.11.19-MariaDB", 1), "8.0.36", false},
		{percona("2.4.29", "5.7.44"), "5.7.44-log", true},
		{percona("2.4.29", "5.7.44"), "5.6.24", true},
		{percona("2.4.29", "5.7.44"), "8.0.36", false},
		{percona("2.4.29", "5.7.44"), "10.1.48-MariaDB", false},
		{percona("8.0.35-31", "8.0.35"), "8.0.45", true},
		{percona("8.0.28-21", "8.0.28"), "8.0.27", true},
		{percona("8.0.28-21", "8.0.28"), "8.0.32", false},
		{percona("8.0.35-31", "8.0.35"), "5.7.44", false},
		{percona("8.0.35-31", "8.0.35"), "8.4.0", false},
		{percona("8.4.0-1", "8.4.0"), "8.4.5", true},
		{percona("9.1.0-1", "9.1.0"), "9.1.0", true},
		{percona("9.1.0-1", "9.1.0"), "9.7.0", false},
	} {
		v, err := parseVersion(c.printed)
		if err != nil && c.fits {
			t.Errorf("%q: %v", c.printed, err)
			continue
		}
		server, err := host.ParseServer(c.server)
		if err != nil {
			t.Fatal(err)
		}
		if err := v.fits(server); (err == nil) != c.fits {
			t.Errorf("%q on %s: %v", c.printed, c.server, err)
		} else if err != nil && !strings.Contains(err.Error(), neededTool(server)[:8]) {
			t.Errorf("%q doesn't say what is needed", err)
		}
	}
}

func TestOptionsOfTheUserAreSortedOutOrRefused(t *testing.T) {
	x, err := checkExtra([]string{"--parallel=7", "--throttle=100", "--use-memory=1G", "--stream=xbstream", "--compress=zstd", "--innodb_use_native_aio=0", "--galera-info"})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(x.backup, " "); got != "--throttle=100 --compress=zstd --innodb_use_native_aio=0 --galera-info" {
		t.Errorf("for the backup: %s", got)
	}
	if got := strings.Join(x.prepare, " "); got != "--use-memory=1G --innodb_use_native_aio=0" || !x.memory {
		t.Errorf("for the prepare: %s", got)
	}
	if x.threads() != 7 || !x.compress {
		t.Errorf("%+v", x)
	}
	for _, bad := range []string{"--target-dir=/", "--target_dir=/", "--targ=/", "--password=x", "-px", "x", "--", "--incremental-basedir=/x", "--tables=a", "--databases-exclude=b",
		"--loose-stream=tar", "--stream=tar", "--safe-slave-backup", "--no-lock", "--encrypt=AES256", "--parallel=0", "--parallel=x", "--backup=0",
		"--defaults-file=/x", "--user=root", "--histor", "--copy-back", "--extra-lsndir=/x", "--export"} {
		if _, err := checkExtra([]string{bad}); codeOf(err) != CodeOptions {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if _, err := checkExtra([]string{"--safe-slave-backup"}); !strings.Contains(err.Error(), "stops the source's replication") {
		t.Errorf("%v does not say why", err)
	}
}

func TestLinesOfEveryVersionAreUnderstood(t *testing.T) {
	for line, want := range map[string]string{
		"[01] 2026-11-22 21:03:28 Streaming ./types/shapes.ibd":                                                                              "copying types/shapes.ibd",
		"[01] 2026-11-22 21:12:41 Streaming ./dd/t.isl to <STDOUT>":                                                                          "copying dd/t.isl",
		"160906 10:19:42 [01] Streaming ./ibdata1":                                                                                           "copying ibdata1",
		"160906 10:19:42 [01] Compressing and streaming ./shop/a b.ibd to <STDOUT>":                                                          "copying shop/a b.ibd",
		"2024-03-01T10:00:00.123456-00:00 2 [Note] [MY-011825] [Xtrabackup] Streaming ./test/t.ibd to <STDOUT>":                              "copying test/t.ibd",
		"2024-03-01T10:00:00.123456-00:00 0 [Note] [MY-011825] [Xtrabackup] Executing LOCK INSTANCE FOR BACKUP ...":                          "Executing LOCK INSTANCE FOR BACKUP ...",
		"[00] 2026-11-22 21:03:31 Starting BACKUP STAGE BLOCK_COMMIT":                                                                        "Starting BACKUP STAGE BLOCK_COMMIT",
		"160906 10:19:45 Executing FLUSH NO_WRITE_TO_BINLOG TABLES...":                                                                       "Executing FLUSH NO_WRITE_TO_BINLOG TABLES...",
		"160906 10:19:45 Waiting 20 seconds for queries running longer than 60 seconds to finish":                                            "Waiting 20 seconds for queries running longer than 60 seconds to finish",
		"[00] 2026-11-22 21:03:31 Getting InnoDB LSN":                                                                                        "",
		"160906 10:19:45 >> log scanned up to (1626007552)":                                                                                  "",
		"[00] 2026-11-22 21:03:27 Connecting to MariaDB server host: 127.0.77.1, user: lp, password: set, port: 10710, socket: not set":      "",
		"2026-11-22 21:03:27 0 [Note] InnoDB: Using io_uring":                                                                                "",
		"2024-03-01T10:00:00.123456-00:00 0 [Note] [MY-011825] [Xtrabackup] recognized server arguments: --datadir=/var/lib/mysql":           "",
		"2024-03-01T10:00:00.123456-00:00 0 [Note] [MY-011825] [Xtrabackup] Connecting to MySQL server host: localhost, user: x, port: 3306": "",
	} {
		if got := doing(bare(line)); got != want {
			t.Errorf("%q shows %q, want %q", line, got, want)
		}
	}
	for line, want := range map[string]bool{
		"[00] FATAL ERROR: 2026-11-22 21:13:39 failed to execute query SHOW MASTER STATUS: Access denied; you need SUPER": true,
		"[00] 2026-11-22 21:13:36 Error: missing required privilege RELOAD on *.*":                                        true,
		"mariabackup: Error writing file '<STDOUT>' (Errcode: 32 \"Broken pipe\")":                                        true,
		"xtrabackup: error: log block numbers mismatch:":                                                                  true,
		"2024-03-01T10:00:00.123456-00:00 0 [ERROR] [MY-011825] [Xtrabackup] Unsupported server version 8.0.40":           true,
		"2026-11-22 21:03:27 0 [ERROR] InnoDB: Operating system error number 24 in a file operation.":                     true,
		"mbstream: /tmp/x: No space left on device":                                                                       true,
		"[01] 2026-11-22 21:13:35 Streaming ./sys/statements_with_errors_or_warnings.frm to <STDOUT>":                     false,
		"[00] 2026-11-22 21:03:31 completed OK!":                                                                          false,
		"2026-11-22 21:03:27 0 [Warning] InnoDB: something":                                                               false,
	} {
		if isError(line) != want {
			t.Errorf("%q is an error: %v", line, !want)
		}
	}
}

func TestOnlyTheLastWholeLineSaysThatAllIsWell(t *testing.T) {
	for text, want := range map[string]bool{
		"x\n[00] 2026-11-22 21:03:31 completed OK!\n":                                     true,
		"160906 10:25:44 completed OK!\n":                                                 true,
		"2024-03-01T10:00:00.1-00:00 0 [Note] [MY-011825] [Xtrabackup] completed OK!\n\n": true,
		"[00] completed OK!\nError: not so\n":                                             false,
		"[00] completed OK!\nnot":                                                         false,
		"completed":                                                                       false, "": false,
	} {
		s := &said{}
		for _, b := range []byte(text) {
			if _, err := s.Write([]byte{b}); err != nil {
				t.Fatal(err)
			}
		}
		if s.completed() != want {
			t.Errorf("%q is complete: %v", text, !want)
		}
	}
}

func TestProgressOfAppliedLogGrowsToItsEnd(t *testing.T) {
	for name, lines := range map[string]string{
		"MariaDB 10.11": "InnoDB: Starting crash recovery from checkpoint LSN=1000\nInnoDB: End of log at LSN=3000\nInnoDB: To recover: 164 pages\n" +
			"recovered pages: 0%\nrecovered pages: 0% 11% 21%\nrecovered pages: 0% 11% 21% 93% 100% (0.0 seconds); tables to flush: 10 9 0\n (0.0 seconds); \n",
		"MariaDB 10.6": "InnoDB: Starting crash recovery from checkpoint LSN=1000,1000\nInnoDB: Read redo log up to LSN=2000\nInnoDB: Starting final batch to recover 12 pages from redo log.\nInnoDB: Starting shutdown...\n",
		"xtrabackup 2.4": "InnoDB: Doing recovery: scanned up to log sequence number 2000 (50%)\nInnoDB: Doing recovery: scanned up to log sequence number 3000 (100%)\n" +
			"InnoDB: Starting an apply batch of log records to the database...\nInnoDB: Progress in percent: 0 1 2 55\nxtrabackup: starting shutdown with innodb_fast_shutdown = 1\nInnoDB: Starting shutdown...\n",
		"xtrabackup 8.0": "[InnoDB] Doing recovery: scanned up to log sequence number 2500\n[InnoDB] Applying a batch of 77 redo log records ...\n[InnoDB] 10%\n[InnoDB] 100%\n[InnoDB] Apply batch completed!\n[InnoDB] Starting shutdown...\n",
	} {
		a := &applying{checkpoints: checkpoints{kind: kindFull, checkpoint: 1000, end: 3000}}
		var last, total int64
		for line := range strings.Lines(lines) {
			done, all, what, changed := a.line(bare(line))
			if done < last || all != 4000 || changed && what == "" {
				t.Errorf("%s: %q: %d of %d after %d, %q", name, line, done, all, last, what)
			}
			last, total = done, all
		}
		if last != total {
			t.Errorf("%s ends at %d of %d", name, last, total)
		}
	}
}

func TestMemoryIsWhatIsFreeWithinTheControlGroup(t *testing.T) {
	const gib = 1 << 30
	root := t.TempDir()
	write := func(path, text string) {
		t.Helper()
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	look := func(want int64) {
		t.Helper()
		if got, err := freeMemory(root); err != nil || got != want {
			t.Errorf("free are %d, %v; want %d", got, err, want)
		}
	}
	write("proc/meminfo", "MemTotal:       16777216 kB\nMemFree:  12 kB\nMemAvailable:    8388608 kB\n")
	look(8 * gib)
	write("proc/self/cgroup", "0::/system.slice/agent.service\n")
	look(8 * gib)
	write("sys/fs/cgroup/system.slice/memory.max", "4294967296\n")
	write("sys/fs/cgroup/system.slice/memory.current", "3221225472\n")
	write("sys/fs/cgroup/system.slice/memory.stat", "anon 5\ninactive_file 1073741824\n")
	write("sys/fs/cgroup/system.slice/agent.service/memory.max", "max\n")
	look(2 * gib)
	write("proc/self/cgroup", "5:cpu,memory:/docker/x\n1:name=systemd:/\n")
	write("sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes", "1073741824\n")
	write("sys/fs/cgroup/memory/docker/x/memory.usage_in_bytes", "0\n")
	look(gib)
	for _, c := range [][3]int64{{8 * gib, 100 * gib, (8*gib - roomForRest) / 10 * 7 &^ (1<<20 - 1)}, {8 * gib, gib, gib + leastMemory}, {0, gib, leastMemory}, {-5, 0, leastMemory}} {
		if got := prepareMemory(c[0], c[1]); got != c[2] {
			t.Errorf("with %d free for a copy of %d: %d, want %d", c[0], c[1], got, c[2])
		}
	}
	if free, err := freeMemory("/"); err != nil || free <= 0 {
		t.Errorf("here: %d, %v", free, err)
	}
}

func FuzzParseBinlogInfo(f *testing.F) {
	f.Add("binlog.000001\t15499587\t0-84445744-128\n")
	f.Add("binlog.000003\t157\t3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,\n4e11fa47-71ca-11e1-9e33-c80aa9429562:1-77\n")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := parseBinlogInfo(text)
		if err == nil && (m.LogFile == "" || m.LogPos < 0 || strings.ContainsAny(m.GtidExecuted, " \n\t")) {
			t.Errorf("%q is %+v", text, m)
		}
	})
}

func FuzzParseCheckpoints(f *testing.F) {
	f.Add(mariaCheckpoints)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCheckpoints(text)
		if err == nil && c.check() == nil && c.end < c.checkpoint {
			t.Errorf("%q counts as whole", text)
		}
	})
}

func FuzzParseVersion(f *testing.F) {
	f.Add("mariabackup based on MariaDB server 10.11.19-MariaDB debian-linux-gnu (x86_64)")
	f.Add("xtrabackup version 8.0.35-31 based on MySQL server 8.0.35 Linux (x86_64) (revision id: 55ec21d7)")
	f.Fuzz(func(t *testing.T, text string) {
		if v, err := parseVersion(text); err == nil && v.text == "" {
			t.Errorf("%q has no name", text)
		}
	})
}

func FuzzLinesOfATool(f *testing.F) {
	f.Add("[01] 2026-11-22 21:03:28 Streaming ./types/shapes.ibd\n", uint64(1000), uint64(3000))
	f.Add("recovered pages: 0% 11% 21% 31% 100% (0.0 seconds); tables to flush: 10 9\n", uint64(0), uint64(0))
	f.Add("InnoDB: Doing recovery: scanned up to log sequence number 18446744073709551615 (999%)", uint64(5), uint64(2))
	f.Fuzz(func(t *testing.T, text string, from, to uint64) {
		a := &applying{checkpoints: checkpoints{checkpoint: from, end: to}}
		var last int64
		s := &said{on: func(line string) {
			doing(line)
			done, _, _, _ := a.line(line)
			if done < last {
				t.Errorf("%q goes back from %d to %d", line, last, done)
			}
			last = done
		}}
		if n, err := s.Write([]byte(text)); n != len(text) || err != nil {
			t.Error(n, err)
		}
		s.errors()
		s.completed()
	})
}
