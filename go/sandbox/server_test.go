package sandbox

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func eachKind(t *testing.T, test func(t *testing.T, kind Kind)) {
	for _, kind := range Kinds() {
		t.Run(string(kind), func(t *testing.T) { test(t, kind) })
	}
}

func TestServerAnswersSurvivesKillAndIsGoneAfterClose(t *testing.T) {
	eachKind(t, func(t *testing.T, kind Kind) {
		began := time.Now()
		s := StartT(t, Options{Kind: kind, Passwords: AwkwardPasswords()})
		t.Logf("started in %s", time.Since(began))
		ctx := context.Background()
		for _, user := range []string{AdminUser, TopologyUser, AgentUser, ReplicationUser} {
			db := s.open(s.config(user, ""))
			if err := db.Ping(); err != nil {
				t.Errorf("account %s: %v", user, err)
			}
			db.Close()
		}
		db := s.Open("")
		if _, err := db.Exec("CREATE DATABASE kept"); err != nil {
			t.Fatal(err)
		}
		first := s.Pid()
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		if pid := s.Pid(); first == 0 || pid != 0 {
			t.Fatalf("pid was %d before Kill and is %d after it", first, pid)
		}
		began = time.Now()
		if err := s.Restart(ctx); err != nil {
			t.Fatal(err)
		}
		t.Logf("started after a kill in %s", time.Since(began))
		if _, err := db.Exec("USE kept"); err != nil {
			t.Error(err)
		}
		began = time.Now()
		if err := s.Stop(ctx); err != nil {
			t.Fatal(err)
		}
		t.Logf("stopped in %s", time.Since(began))
		if out, err := exec.Command(s.StatusCommand()).CombinedOutput(); err == nil {
			t.Errorf("status of a stopped server is success: %s", out)
		}
		for range 2 {
			if out, err := exec.Command(s.StartCommand()).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
		if out, err := exec.Command(s.StatusCommand()).CombinedOutput(); err != nil {
			t.Errorf("status of a running server: %v: %s", err, out)
		}
		pid := s.Pid()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(s.Dir); pid == 0 || s.Pid() != 0 || err == nil {
			t.Errorf("after Close: was pid %d, now %d, directory: %v", pid, s.Pid(), err)
		}
	})
}
