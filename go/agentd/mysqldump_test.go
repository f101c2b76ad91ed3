package agentd

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/config"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// TestMysqldumpGoesThroughARealAgent walks the stages of a seed by HTTP, as the service does, between two real servers.
func TestMysqldumpGoesThroughARealAgent(t *testing.T) {
	passwords := sandbox.AwkwardPasswords()
	source := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MariaDB, Passwords: passwords})
	target := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MariaDB, Passwords: passwords})
	ctx := context.Background()
	db := source.Open("")
	for _, q := range []string{"CREATE DATABASE shop", "CREATE TABLE shop.orders (id INT PRIMARY KEY, what TEXT)", "INSERT INTO shop.orders VALUES (1,'pen'),(2,'ink')"} {
		if _, err := db.ExecContext(ctx, q); err != nil {
			t.Fatal(q, err)
		}
	}
	s := newSite(t, newService(t).URL)
	c, _, err := config.Read(s.conf)
	if err != nil {
		t.Fatal(err)
	}
	c.MySQL = config.MySQL{Host: target.Host, Port: target.Port, User: target.AgentUser, Password: config.Secret(target.Passwords.Agent)}
	app, err := New(ctx, Options{Config: c, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	for password, want := range map[string]bool{source.Passwords.Replication: true, "wrong": false} {
		r := s.probe(agentapi.ProbeMySQL{Host: source.Host, Port: source.Port, User: sandbox.ReplicationUser, Password: password})
		if r.OK != want || want && r.Found == "" || !want && r.Error == "" {
			t.Errorf("probe: %+v", r)
		}
	}
	for i, call := range []string{
		"prepare/1/Mysqldump/Target", fmt.Sprintf("backup/1/Mysqldump/%s/%d", source.Host, source.Port), "restore/1/Mysqldump", "cleanup/1/Mysqldump/Target",
	} {
		stage := []string{"Prepare", "Backup", "Restore", "Cleanup"}[i]
		if body := s.get(fmt.Sprintf("%s?attempt=%d", call, i+1)); body != "Started" {
			t.Fatal(call, body)
		}
		var st agentapi.SeedStageState
		sandbox.Eventually(t, time.Minute, func() error {
			st = agentapi.SeedStageState{}
			body := s.get(fmt.Sprintf("seed-stage-state/1/%s?attempt=%d", stage, i+1))
			if err := json.Unmarshal([]byte(body), &st); err != nil || st.Status == agentapi.Running {
				return fmt.Errorf("%s: %w", body, err)
			}
			return nil
		})
		if st.Status != agentapi.Completed {
			t.Fatalf("%s: %+v", stage, st)
		}
		if stage == "Restore" {
			var m agentapi.Metadata
			if err := json.Unmarshal([]byte(s.get("get-metadata/1/Mysqldump")), &m); err != nil || m.LogFile == "" || m.LogPos == 0 {
				t.Errorf("%+v %v", m, err)
			}
		}
	}
	var rows int
	if err := target.Open("").QueryRowContext(ctx, "SELECT COUNT(*) FROM shop.orders").Scan(&rows); err != nil || rows != 2 {
		t.Error(rows, err)
	}
	if left, err := os.ReadDir(filepath.Join(s.dir, "backup")); err != nil || len(left) != 0 {
		t.Errorf("left in the backup directory: %v %v", left, err)
	}
	if body := s.get("release-seed/1"); body != "released" {
		t.Error(body)
	}
}

// probe asks the agent to log in there.
func (s *site) probe(p agentapi.ProbeMySQL) agentapi.ProbeResult {
	s.t.Helper()
	b, err := json.Marshal(p)
	if err != nil {
		s.t.Fatal(err)
	}
	var answer struct{ Details agentapi.ProbeResult }
	if body := s.call("POST", "probe-mysql", string(b)); json.Unmarshal([]byte(body), &answer) != nil {
		s.t.Fatal(body)
	}
	return answer.Details
}
