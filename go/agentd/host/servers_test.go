package host

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func realHost(t *testing.T, kind sandbox.Kind) (*sandbox.Server, *Host) {
	t.Helper()
	s := sandbox.StartT(t, sandbox.Options{Kind: kind, Passwords: sandbox.AwkwardPasswords()})
	h := newHost(t, Options{
		MySQL:        NewMySQL(MySQLOptions{User: s.AgentUser, Password: s.Passwords.Agent, Host: s.Host, Port: s.Port}),
		StartCommand: []string{s.StartCommand()}, StopCommand: []string{s.StopCommand()}, StatusCommand: []string{s.StatusCommand()},
		StartWait: time.Minute, DataWait: 20 * time.Second,
	})
	return s, h
}

func TestFactsOfRealServersAndTheirService(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.MariaDB, sandbox.MySQL97} {
		t.Run(string(kind), func(t *testing.T) {
			s, h := realHost(t, kind)
			ctx := context.Background()
			db := s.Open("")
			for _, q := range []string{
				"CREATE DATABASE `empty`", "CREATE DATABASE `odd name`", "CREATE TABLE `odd name`.a (i INT PRIMARY KEY) ENGINE=InnoDB",
				"CREATE TABLE `odd name`.b (i INT) ENGINE=MyISAM", "CREATE TABLE `odd name`.c (i INT) ENGINE=MyISAM", "CREATE VIEW `odd name`.v AS SELECT 1",
			} {
				if _, err := db.ExecContext(ctx, q); err != nil {
					t.Fatal(q, err)
				}
			}
			d := h.Data(ctx)
			odd, empty := d.MySQLDatabases["odd name"], d.MySQLDatabases["empty"]
			if !d.MySQLRunning || d.MySQLError != "" || len(d.MySQLDatabases) != 2 || !slices.Equal(odd.Engines, []string{"InnoDB", "MyISAM"}) || odd.Tables != 3 || odd.Size <= 0 ||
				empty.Engines != nil || empty.Tables != 0 {
				t.Errorf("%+v", d)
			}
			if strings.TrimSuffix(d.MySQLDatadir, "/") != s.Datadir || d.MySQLDatadirDiskUsed < 1<<20 || d.MySQLDatadirDiskFree <= 0 || d.MySQLVersion == "" || d.MySQLUser != s.AgentUser {
				t.Errorf("%+v", d)
			}
			if text, err := h.ErrorLogTail(ctx); err != nil || len(text) < 100 {
				t.Errorf("%q %v", text, err)
			}
			if err := h.StopMySQL(ctx); err != nil {
				t.Fatal(err)
			}
			if h.MySQLRunning(ctx) {
				t.Error("runs after its stop")
			}
			waitUntil(t, "the facts say that it is stopped", func() bool { d := h.Data(ctx); return !d.MySQLRunning && d.MySQLError != "" })
			if text, err := h.ErrorLogTail(ctx); err != nil || text == "" {
				t.Errorf("the log of a stopped server: %q %v", text, err)
			}
			for range 2 {
				if err := h.StartMySQL(ctx); err != nil {
					t.Fatal(err)
				}
			}
			waitUntil(t, "the facts say that it runs", func() bool { d := h.Data(ctx); return d.MySQLRunning && d.MySQLError == "" })
		})
	}
}

func TestAwkwardPasswordReachesClientToolsThroughTheOptionFile(t *testing.T) {
	s, h := realHost(t, sandbox.MariaDB)
	for _, addr := range []Address{h.MySQL().Local(), {Socket: s.Socket}} {
		path, err := h.MySQL().DefaultsFile(t.TempDir(), addr)
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("mariadb", "--defaults-file="+path, "-N", "-e", "SELECT CURRENT_USER()").CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), s.AgentUser+"@") {
			t.Errorf("%s: %s %v", addr, out, err)
		}
	}
	db, err := h.MySQL().Open(context.Background(), Address{Socket: s.Socket})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	_, err = h.MySQL().OpenAs(context.Background(), h.MySQL().Local(), s.AgentUser, "wrong-password")
	if err == nil || strings.Contains(err.Error(), "wrong-password") || !strings.Contains(err.Error(), s.Host) {
		t.Errorf("%v", err)
	}
}

func TestStartCommandThatDoesNothingIsAnError(t *testing.T) {
	h := newHost(t, Options{StartCommand: []string{"true"}, StopCommand: []string{"false"}, StartWait: 300 * time.Millisecond})
	if err := h.StartMySQL(context.Background()); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Error(err)
	}
	if err := h.StopMySQL(context.Background()); err == nil || !strings.Contains(err.Error(), "exit status 1") {
		t.Error(err)
	}
}
