// Program standin stands in for a backup tool in tests, under the name it is called by.
//
// With STANDIN_REAL it runs the real tool, and goes wrong with what STANDIN_FAULT says when one of its arguments is
// STANDIN_AT. With STANDIN_AS it behaves as Percona's xtrabackup and xbstream of that version on the outside: what they
// print, which options they know, which files they leave.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	name := filepath.Base(os.Args[0])
	if real := os.Getenv("STANDIN_REAL"); real != "" {
		os.Exit(wrong(filepath.Join(real, name), os.Args[1:]))
	}
	if name == "xbstream" {
		os.Exit(unpack(os.Args[1:]))
	}
	os.Exit(xtrabackup(os.Args[1:]))
}

// wrong runs the real tool and lets it go wrong.
func wrong(real string, args []string) int {
	fault := os.Getenv("STANDIN_FAULT")
	if !slices.Contains(args, os.Getenv("STANDIN_AT")) {
		fault = ""
	}
	c := exec.Command(real, args...)
	c.Stdin, c.Stderr = os.Stdin, os.Stderr
	switch fault {
	case "cut", "hang", "kill":
		cut(c, fault)
	case "quiet":
		var text bytes.Buffer
		c.Stdout, c.Stderr = os.Stdout, &text
		c.Run()
		fmt.Fprint(os.Stderr, strings.ReplaceAll(text.String(), "completed OK!", ""))
	case "bad-exit":
		c.Stdout = os.Stdout
		check(c.Run())
		return 3
	case "":
		check(syscall.Exec(real, append([]string{real}, args...), os.Environ()))
	default:
		panic("unknown fault " + fault)
	}
	return 0
}

// cut lets some of the tool's output through, if it has any, and not its end.
func cut(c *exec.Cmd, fault string) {
	const some = 8<<20 + 12345
	c.Stderr = nil
	out, err := c.StdoutPipe()
	check(err)
	check(c.Start())
	if !slices.Contains(c.Args, "--prepare") {
		_, err = io.CopyN(os.Stdout, out, some)
		check(err)
	}
	c.Process.Kill()
	c.Wait()
	switch fault {
	case "hang":
		signal.Ignore(syscall.SIGTERM)
		select {
		case <-time.After(time.Hour):
		}
	case "kill":
		check(syscall.Kill(os.Getpid(), syscall.SIGKILL))
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "standin:", err)
		os.Exit(99)
	}
}

// versions are what the tools print of themselves.
var versions = map[string]string{
	"2.4": "xtrabackup version 2.4.29 based on MySQL server 5.7.44 Linux (x86_64) (revision id: 2e6c0951)",
	"8.0": "xtrabackup version 8.0.35-31 based on MySQL server 8.0.35 Linux (x86_64) (revision id: 55ec21d7)",
	"8.4": "xtrabackup version 8.4.0-1 based on MySQL server 8.4.0 Linux (x86_64) (revision id: da6e1abd)",
	"9.7": "xtrabackup version 9.7.0-1 based on MySQL server 9.7.0 Linux (x86_64) (revision id: 00000000)",
}

// knows are the options of each version that matter here; any other is an error, as with the real ones.
func knows(as string) []string {
	all := []string{"defaults-file", "backup", "prepare", "stream", "target-dir", "tmpdir", "parallel", "use-memory", "decompress", "remove-original",
		"compress", "compress-threads", "throttle", "open-files-limit", "lock-ddl", "kill-long-queries-timeout", "check-privileges"}
	if as == "2.4" || as == "8.0" {
		all = append(all, "no-version-check")
	}
	if as != "2.4" {
		all = append(all, "use-free-memory-pct", "xtrabackup-plugin-dir")
	}
	return all
}

func xtrabackup(args []string) int {
	as := os.Getenv("STANDIN_AS")
	switch {
	case slices.Contains(args, "--version"):
		fmt.Fprintln(os.Stderr, "xtrabackup: recognized server arguments: --datadir=/var/lib/mysql")
		if as == "2.4" {
			fmt.Fprintln(os.Stderr, versions[as])
		} else {
			fmt.Println(versions[as])
		}
		return 0
	case slices.Contains(args, "--help"):
		for _, o := range knows(as) {
			fmt.Printf("  --%s=#      what it does\n", o)
		}
		return 0
	}
	note(args)
	for _, a := range args {
		name, _, _ := strings.Cut(strings.TrimPrefix(a, "--"), "=")
		if !slices.Contains(knows(as), name) {
			fmt.Fprintf(os.Stderr, "xtrabackup: [ERROR] unknown option '%s'\n", a)
			return 1
		}
	}
	if slices.Contains(args, "--backup") {
		return backup(as)
	}
	return prepare(value(args, "--target-dir"))
}

func value(args []string, name string) string {
	for _, a := range args {
		if v, found := strings.CutPrefix(a, name+"="); found {
			return v
		}
	}
	return ""
}

func note(args []string) {
	f, err := os.OpenFile(os.Getenv("STANDIN_ARGS"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	check(err)
	defer f.Close()
	check(json.NewEncoder(f).Encode(args))
}

func backup(as string) int {
	number := strings.Fields(versions[as])[2]
	ending := ""
	if os.Getenv("STANDIN_COMPRESS") != "" {
		ending = ".zst"
	}
	files := [][2]string{
		{"ibdata1" + ending, "pages"}, {"shop/orders.ibd" + ending, "rows"}, {"xtrabackup_logfile" + ending, "log"}, {"backup-my.cnf", "[mysqld]\n"},
		{"xtrabackup_binlog_info", "binlog.000007\t1234\t3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,\n4e11fa47-71ca-11e1-9e33-c80aa9429562:1-77\n"},
		{"xtrabackup_checkpoints", "backup_type = full-backuped\nfrom_lsn = 0\nto_lsn = 1000\nlast_lsn = 2000\nflushed_lsn = 2000\nredo_memory = 0\nredo_frames = 0\n"},
		{"xtrabackup_info", "uuid = 1\ntool_name = xtrabackup\ntool_version = " + number + "\npartial = N\n"},
	}
	fmt.Fprintln(os.Stderr, "2026-11-22T21:03:28.123456-00:00 1 [Note] [MY-011825] [Xtrabackup] Streaming ./shop/orders.ibd to <STDOUT>")
	check(json.NewEncoder(os.Stdout).Encode(files))
	fmt.Fprintln(os.Stderr, "2026-11-22T21:03:28.123456-00:00 0 [Note] [MY-011825] [Xtrabackup] completed OK!")
	return 0
}

func unpack(args []string) int {
	if slices.Contains(args, "--help") {
		fmt.Println("  -x, --extract\n  -C, --directory=name\n  -p, --parallel=#")
		if os.Getenv("STANDIN_AS") != "2.4" {
			fmt.Println("  --decompress\n  --decompress-threads=#")
		}
		return 0
	}
	note(args)
	var files [][2]string
	check(json.NewDecoder(os.Stdin).Decode(&files))
	for _, f := range files {
		if slices.Contains(args, "--decompress") {
			f[0] = strings.TrimSuffix(f[0], ".zst")
		}
		path := filepath.Join(args[slices.Index(args, "-C")+1], f[0])
		check(os.MkdirAll(filepath.Dir(path), 0o700))
		check(os.WriteFile(path, []byte(f[1]), 0o600))
	}
	_, err := io.Copy(io.Discard, os.Stdin) // the real one reads to the end, too
	check(err)
	return 0
}

func prepare(dir string) int {
	if slices.Contains(os.Args, "--decompress") {
		for _, f := range []string{"ibdata1", "shop/orders.ibd", "xtrabackup_logfile"} {
			check(os.Rename(filepath.Join(dir, f+".zst"), filepath.Join(dir, f)))
		}
	} else {
		path := filepath.Join(dir, "xtrabackup_checkpoints")
		text, err := os.ReadFile(path)
		check(err)
		check(os.WriteFile(path, []byte(strings.Replace(string(text), "full-backuped", "full-prepared", 1)), 0o600))
	}
	fmt.Fprintln(os.Stderr, "completed OK!")
	return 0
}
