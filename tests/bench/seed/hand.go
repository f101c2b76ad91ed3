package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// manual is one run by hand.
type manual struct {
	*bench
	f    *fleet.Fleet
	used *usage
}

// byHands are the ways by hand; none makes the target a replica.
var byHands = map[agentapi.Method]func(*manual, context.Context) error{
	agentapi.Mysqldump: (*manual).mysqldump, agentapi.Mydumper: (*manual).mydumper, agentapi.Xtrabackup: (*manual).xtrabackup,
	agentapi.ClonePlugin: (*manual).clone,
}

// client makes a command of the client programs of that side's server, with its account.
func (m *manual) client(ctx context.Context, at *fleet.Agent, name string, args ...string) (*exec.Cmd, error) {
	bin, err := sandbox.Bin(at.Server.Kind)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(bin, name)
	if _, err := os.Stat(path); err != nil {
		path = name
	}
	args = append([]string{"--host=" + at.Host, fmt.Sprintf("--port=%d", at.Server.Port), "--user=" + sandbox.AdminUser}, args...)
	if name == "mydumper" || name == "myloader" {
		args = append(args, "--password="+at.Server.Passwords.Admin)
	} else {
		args = append([]string{"--defaults-file=" + at.Server.Defaults}, args...)
	}
	c := exec.CommandContext(ctx, path, args...)
	c.Env = append(os.Environ(), "MYSQL_PWD="+at.Server.Passwords.Admin)
	return c, nil
}

// run runs commands side by side, and adds their CPU time.
func (m *manual) run(all ...*exec.Cmd) error {
	var errs []error
	says := make([]*strings.Builder, len(all))
	for i, c := range all {
		says[i] = &strings.Builder{}
		c.Stderr = says[i]
		if c.Stdout == nil {
			c.Stdout = io.Discard
		}
		if err := c.Start(); err != nil {
			errs = append(errs, err)
		}
	}
	for i, c := range all {
		if c.Process == nil {
			continue
		}
		if err := c.Wait(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w: %s", filepath.Base(c.Path), err, says[i]))
		}
		m.used.cpu += (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds()
	}
	return errors.Join(errs...)
}

// mysqldump is what the manual says: one dump into a file, one load from it.
func (m *manual) mysqldump(ctx context.Context) error {
	file := filepath.Join(m.dir, "by-hand.sql")
	defer os.Remove(file)
	position := "--master-data=2"
	if m.kind.Modern() {
		position = "--source-data=2"
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer out.Close()
	dump, err := m.client(ctx, m.f.Source, "mysqldump", "--single-transaction", position, "--routines", "--events", "--triggers", "--databases", "sbtest")
	if err != nil {
		return err
	}
	dump.Stdout = out
	if err := m.run(dump); err != nil {
		return err
	}
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	load, err := m.client(ctx, m.f.Target, "mysql")
	if err != nil {
		return err
	}
	load.Stdin = in
	return m.run(load)
}

// mydumper is mydumper into files, and myloader from them, with as many threads as the agent takes.
func (m *manual) mydumper(ctx context.Context) error {
	dir, threads := filepath.Join(m.dir, "by-hand"), "--threads="+strconv.Itoa(min(4, runtime.NumCPU()))
	defer os.RemoveAll(dir)
	dump, err := m.client(ctx, m.f.Source, "mydumper", threads, "--outputdir="+dir, "--triggers", "--events", "--routines", `--regex=^sbtest\.`)
	if err != nil {
		return err
	}
	if err := m.run(dump); err != nil {
		return err
	}
	load, err := m.client(ctx, m.f.Target, "myloader", threads, "--directory="+dir)
	if err != nil {
		return err
	}
	return m.run(load)
}

// pipeline runs commands whose ends are joined by pipes: each end is closed here once its command has it.
func (m *manual) pipeline(all ...*exec.Cmd) error {
	for _, c := range all {
		c.Stderr = io.Discard
		if c.Stdout == nil {
			c.Stdout = io.Discard
		}
		if err := c.Start(); err != nil {
			return err
		}
	}
	for _, c := range all {
		for _, end := range []any{c.Stdin, c.Stdout} {
			if f, ok := end.(*os.File); ok {
				f.Close()
			}
		}
	}
	var errs []error
	for _, c := range all {
		if err := c.Wait(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", filepath.Base(c.Path), err))
		}
		m.used.cpu += (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds()
	}
	return errors.Join(errs...)
}
