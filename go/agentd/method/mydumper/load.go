package mydumper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
)

// loadConfig is the option file that myloader's connections are opened with.
const loadConfig = "rows.cnf"

// loadSession is run by each of myloader's connections when it is opened: the settings of package mysqldump's sessions that
// myloader 0.10 lacks.
const loadSession = "SET SESSION sql_log_bin=0, foreign_key_checks=0, unique_checks=0, sql_mode='NO_AUTO_VALUE_ON_ZERO', time_zone='+00:00'," +
	" innodb_strict_mode=0, net_read_timeout=3600, net_write_timeout=3600, lock_wait_timeout=86400, max_statement_time=0"

// Load implements mysqldump.Carrier.
func (c *carrier) Load(ctx context.Context, w *method.Work, raw json.RawMessage) (err error) {
	p, err := parseProof(raw)
	if err != nil {
		return err
	}
	path, err := find(ctx, loadProgram)
	if err != nil {
		return err
	}
	config, err := c.config(w.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(config)) }()
	args := append([]string{"--defaults-file=" + config, "--directory=" + filepath.Join(w.Dir, rowsDir), "--threads=" + strconv.Itoa(c.o.Threads),
		"--verbose=3"}, c.o.LoadExtra...)
	if err := run(w.Run.Command(ctx, nil, path, args...), loading(w.Run, p)); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return failed(mysqldump.CodeLoad, "see the error of the target's MySQL; the seed may be retried at Restore once it is solved", err, "myloader failed")
	}
	w.Run.Progress(p.bytes(), p.bytes(), "loaded rows")
	return nil
}

// config writes the option file: the account, and what each session is set to.
func (c *carrier) config(dir string) (string, error) {
	account, err := c.o.Servers.DefaultsFile(dir, c.o.Servers.Local())
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(account)
	if err = errors.Join(err, os.Remove(account)); err != nil {
		return "", fmt.Errorf("write options of myloader: %w", err)
	}
	path := filepath.Join(dir, loadConfig)
	if err := os.WriteFile(path, append(text, "\ninit-command=\""+loadSession+"\"\n"...), 0o600); err != nil {
		return "", fmt.Errorf("write options of myloader: %w", err)
	}
	return path, nil
}

var restoring = regexp.MustCompile("restoring `(.*)`\\.`(.*)` part \\d+")

// loading reads myloader's words: a file counts from when its loading begins.
func loading(run method.Runner, p *proof) func(line string) {
	size, parts := map[string]int64{}, map[string]int64{}
	for _, f := range p.Files {
		size[f.table()] += f.Size
		parts[f.table()]++
	}
	var done int64
	total := p.bytes()
	return func(line string) {
		m := restoring.FindStringSubmatch(line)
		if m == nil {
			return
		}
		table := m[1] + "." + m[2]
		run.Progress(min(done, total), total, "loading "+table+" with myloader (bytes compressed)")
		done += size[table] / max(parts[table], 1)
	}
}
