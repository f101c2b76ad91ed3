package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"
)

// childEnv makes the test's program a process that starts a server, says where and waits to be killed.
const childEnv = "SANDBOX_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(child())
	}
	goleak.VerifyTestMain(m)
}

func child() int {
	s, err := Start(context.Background(), Options{Kind: MariaDB})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(s.Dir, s.Pid())
	select {}
}

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

func TestServerIsEndedWhenTheProcessThatStartedItIsKilled(t *testing.T) {
	Require(t, MariaDB)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var dir string
	var pid int
	if _, err := fmt.Fscan(out, &dir, &pid); err != nil {
		t.Fatal(err)
	}
	s := newServer(Options{Kind: MariaDB, Dir: dir})
	if s.Pid() != pid {
		t.Fatalf("server's pid is %d, want %d", s.Pid(), pid)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the signal's error
	Eventually(t, 20*time.Second, func() error {
		if _, err := os.Stat(dir); err == nil {
			return errors.New("directory is there")
		}
		if err := syscall.Kill(pid, 0); err == nil && !zombie(pid) {
			return errors.New("process is there")
		}
		return nil
	})
}

func zombie(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	return err != nil || strings.Contains(string(status), "State:\tZ")
}

func TestServerStartedByItsProgramSurvivesTheProcessGroupThatCalledIt(t *testing.T) {
	s := StartT(t, Options{Kind: MariaDB})
	if err := s.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `"$0" && echo started && exec sleep 1000`, s.StartCommand())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var word string
	if _, err := fmt.Fscan(out, &word); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the signal's error
	if err := s.Open("").Ping(); err != nil {
		t.Error(err)
	}
}

func TestServersStartedAtOnceShareOneTemplate(t *testing.T) {
	Require(t, MariaDB)
	t.Setenv("ORCHESTRATOR_SEED_CACHE", t.TempDir())
	var group errgroup.Group
	for range 3 {
		group.Go(func() error {
			s, err := Start(context.Background(), Options{Kind: MariaDB})
			if err != nil {
				return err
			}
			return s.Close()
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	made, err := filepath.Glob(filepath.Join(CacheDir(), "templates", "mariadb-*"))
	if err != nil || len(made) != 2 { // the template and its lock
		t.Errorf("templates: %v, %v", made, err)
	}
}

func TestDirectoryWithOtherFilesIsRefusedAndLeftAlone(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "precious")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(context.Background(), Options{Kind: MariaDB, Dir: dir}); err == nil {
		t.Error("started a server among other files")
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

func TestAddressesOtherThanLoopbackAreRefused(t *testing.T) {
	for _, host := range []string{"0.0.0.0", "192.0.2.1", "localhost", "::"} {
		if _, err := Start(context.Background(), Options{Kind: MariaDB, Host: host}); !errors.Is(err, errNotLoopback) {
			t.Errorf("host %s: %v", host, err)
		}
	}
}

func TestServerThatCannotStartLeavesNothingAndShowsItsLog(t *testing.T) {
	Require(t, MariaDB)
	dir := filepath.Join(t.TempDir(), "server")
	_, err := Start(context.Background(), Options{Kind: MariaDB, Dir: dir, Extra: []string{"no_such_variable=1"}})
	if err == nil || !strings.Contains(err.Error(), "no_such_variable") {
		t.Errorf("error is %v, want the log's line about the variable", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("directory is left")
	}
}

// failing records what a helper says to a test.
type failing struct {
	T
	said string
}

func (f *failing) Helper() {}

func (f *failing) Fatalf(format string, args ...any) { f.said = fmt.Sprintf(format, args...) }

func TestMissingServersFailTheTestWithWhatToDo(t *testing.T) {
	t.Setenv("ORCHESTRATOR_SEED_CACHE", t.TempDir())
	for _, kind := range []Kind{MySQL97, MySQL56} {
		f := &failing{}
		Require(f, kind)
		if !strings.Contains(f.said, "run script/servers") {
			t.Errorf("%s: said %q", kind, f.said)
		}
	}
}

func TestLoopbackHostsAreHandedOutOnceUntilReleased(t *testing.T) {
	seen := map[string]bool{}
	for range 5 {
		for _, host := range HostsT(t, 20) {
			if seen[host] || !net.ParseIP(host).IsLoopback() {
				t.Errorf("host %s again, or no loopback address", host)
			}
			seen[host] = true
		}
	}
}
