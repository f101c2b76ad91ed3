package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// xtrabackup is mariabackup through socat into mbstream, prepare, and a start on the new data.
func (m *manual) xtrabackup(ctx context.Context) error {
	target, dir := m.f.Target.Server, filepath.Join(m.f.Target.Server.Dir, "by-hand")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	port, err := sandbox.FreePort(target.Host)
	if err != nil {
		return err
	}
	address := net.JoinHostPort(target.Host, strconv.Itoa(port))
	backup, err := m.client(ctx, m.f.Source, "mariabackup", "--backup", "--stream=xbstream", "--target-dir="+m.dir, "--datadir="+m.f.Source.Server.Datadir)
	if err != nil {
		return err
	}
	send := exec.CommandContext(ctx, "socat", "-u", "-", "TCP:"+address+",retry=50,interval=0.1")
	receive := exec.CommandContext(ctx, "socat", "-u", fmt.Sprintf("TCP-LISTEN:%d,bind=%s,reuseaddr", port, target.Host), "-")
	unpack := exec.CommandContext(ctx, "mbstream", "-x", "-C", dir)
	for _, pair := range [][2]*exec.Cmd{{backup, send}, {receive, unpack}} {
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		defer r.Close()
		defer w.Close()
		pair[0].Stdout, pair[1].Stdin = w, r
	}
	began := time.Now()
	if err := m.pipeline(receive, unpack, backup, send); err != nil {
		return err
	}
	m.used.copy = time.Since(began).Seconds()
	if err := m.run(exec.CommandContext(ctx, "mariabackup", "--prepare", "--target-dir="+dir)); err != nil {
		return err
	}
	if err := target.Stop(ctx); err != nil {
		return err
	}
	if err := os.RemoveAll(target.Datadir); err != nil {
		return err
	}
	if err := os.Rename(dir, target.Datadir); err != nil {
		return err
	}
	return target.Restart(ctx)
}

// clone is CLONE INSTANCE FROM, and a start after it.
func (m *manual) clone(ctx context.Context) error {
	source, target := m.f.Source.Server, m.f.Target.Server
	for _, s := range []*sandbox.Server{source, target} {
		db := s.Open("")
		defer db.Close()
		if _, err := db.ExecContext(ctx, "INSTALL PLUGIN clone SONAME 'mysql_clone.so'"); err != nil && !strings.Contains(err.Error(), "already exists") {
			return err
		}
	}
	db := target.Open("")
	defer db.Close()
	for _, statement := range []string{"SET GLOBAL clone_valid_donor_list = '" + source.Address() + "'",
		fmt.Sprintf("CLONE INSTANCE FROM '%s'@'%s':%d IDENTIFIED BY '%s'", sandbox.AdminUser, source.Host, source.Port, source.Passwords.Admin)} {
		_, err := db.ExecContext(ctx, statement)
		if err != nil && !strings.Contains(err.Error(), "3707") {
			return err
		}
	}
	for target.Pid() != 0 { // it stops itself
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return target.Restart(ctx)
}
