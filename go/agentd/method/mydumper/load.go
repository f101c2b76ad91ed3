package mydumper

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
)

// loadSession is run by each of myloader's connections when it is opened: the settings of package mysqldump's sessions that
// myloader 0.10 lacks.
const loadSession = "SET SESSION sql_log_bin=0, foreign_key_checks=0, unique_checks=0, sql_mode='NO_AUTO_VALUE_ON_ZERO', time_zone='+00:00'," +
	" innodb_strict_mode=0, net_read_timeout=3600, net_write_timeout=3600, lock_wait_timeout=86400"

// Load implements mysqldump.Carrier.
func (c *carrier) Load(ctx context.Context, w *method.Work, server host.Server, raw json.RawMessage) (err error) {
	p, err := parseProof(raw)
	if err != nil {
		return err
	}
	t, err := find(ctx, loadProgram)
	if err != nil {
		return err
	}
	session := loadSession
	if server.Flavour == host.FlavourMariaDB {
		session += ", max_statement_time=0"
	}
	config, err := c.optionFile(w.Dir, loadConfig, c.o.Servers.Local(), "init-command=\""+session+"\"\n")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(config)) }()
	dir := filepath.Join(w.Dir, rowsDir)
	args := append([]string{"--defaults-file=" + config, "--directory=" + dir, "--threads=" + strconv.Itoa(c.o.Threads), "--verbose=3"}, c.o.LoadExtra...)
	l := newLoading(w.Run, dir, p)
	stop := every(often, l.tell)
	err = run(ctx, w.Run, t.path, args, l.started, l.line)
	stop()
	if err != nil {
		return c.loadError(ctx, err)
	}
	w.Run.Progress(p.bytes(), p.bytes(), "loaded rows")
	return c.checkRows(ctx, p)
}

func (c *carrier) loadError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "is full"), strings.Contains(text, "No space left"), strings.Contains(text, "Errcode: 28"):
		return failed(mysqldump.CodeDiskFull, "free space in the target's data directory, then agent-retry-seed", err, "no space left for the target's data")
	case strings.Contains(text, "Lost connection"), strings.Contains(text, "has gone away"), strings.Contains(text, "connect to"):
		return failed(mysqldump.CodeConnection, "see the error log of the target's MySQL: did it go down?", err, "myloader lost the target's MySQL")
	}
	return failed(mysqldump.CodeLoad, "see the error of the target's MySQL; the seed may be retried at Restore once it is solved", err, "myloader failed")
}
