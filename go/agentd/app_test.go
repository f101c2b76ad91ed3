package agentd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/config"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/journal"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

const asAgent = "AGENTD_TEST_CONFIG"

func TestMain(m *testing.M) {
	if path := os.Getenv(asAgent); path != "" {
		if err := beAgent(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// standIn is a method whose backup is a shell with a child, which write their pids beside the seed's directory.
func standIn() []Method {
	return []Method{{&methodtest.Method{OnBackup: func(ctx context.Context, w *method.Work) error {
		w.Run.Progress(1, 2, "dumping")
		return w.Run.Command(ctx, nil, "sh", "-c", `sleep 300 & echo $$ $! >"$1.new"; mv "$1.new" "$1"; wait`, "sh", filepath.Join(filepath.Dir(w.Dir), "pids")).Run()
	}}, true}}
}

// beAgent is the agent as a process of its own, until its stdin is closed.
func beAgent(path string) error {
	c, _, err := config.Read(path)
	if err != nil {
		return err
	}
	ctx := context.Background()
	app, err := New(ctx, Options{Config: c, Methods: standIn(), Logger: slog.New(slog.DiscardHandler), FirstRetry: time.Millisecond})
	if err != nil {
		return err
	}
	if err := app.Start(ctx); err != nil {
		return errors.Join(err, app.Stop(ctx))
	}
	fmt.Println("up", app.Addr())
	io.Copy(io.Discard, os.Stdin)
	return app.Stop(ctx)
}

// service is the agents' door of a service that calls back, as the real one does.
type service struct {
	*httptest.Server
	mu       sync.Mutex
	callBack []error // of each registration
	states   []agentapi.SeedStageState
}

func newService(t *testing.T) *service {
	s := &service{}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/register-agent":
			var info agentapi.Info
			err := json.NewDecoder(r.Body).Decode(&info)
			if err == nil {
				err = s.ask(client, info)
			}
			s.mu.Lock()
			s.callBack = append(s.callBack, err)
			s.mu.Unlock()
			if err != nil {
				http.Error(w, err.Error(), 500)
				return
			}
			json.NewEncoder(w).Encode(info.Hostname)
		case "/api/seed-stage-state":
			var st agentapi.SeedStageState
			if json.NewDecoder(r.Body).Decode(&st) == nil {
				s.mu.Lock()
				s.states = append(s.states, st)
				s.mu.Unlock()
			}
			io.WriteString(w, `"OK"`)
		default:
			io.WriteString(w, `"OK"`)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *service) ask(c *http.Client, info agentapi.Info) error {
	res, err := c.Get(fmt.Sprintf("http://%s:%d/api/get-agent-data?token=%s", info.Hostname, info.Port, info.Token))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	var d agentapi.Data
	if err := json.Unmarshal(b, &d); err != nil || d.BackupDir == "" || !d.Has(agentapi.AbilityAttempts) {
		return fmt.Errorf("%s: %w", b, err)
	}
	return nil
}

func (s *service) told(f func(agentapi.SeedStageState) bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.states {
		if f(st) {
			return true
		}
	}
	return false
}

func (s *service) registrations() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]error(nil), s.callBack...)
}

// site is one host's files.
type site struct {
	t    *testing.T
	host string
	port int
	dir  string
	conf string
}

func newSite(t *testing.T, serviceURL string) *site {
	t.Helper()
	host := sandbox.HostsT(t, 1)[0]
	port, err := sandbox.FreePort(host)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := &site{t: t, host: host, port: port, dir: dir, conf: filepath.Join(dir, "agent.conf")}
	text := fmt.Sprintf("[common]\nhostname=%q\nbind-address=%q\nport=%d\nseed-port=%d\nbackup-dir=%q\nstate-dir=%q\n[orchestrator]\nurl=%q\n[mysql]\nhost=%q\nport=1\nuser='agent'\npassword='s3cr3t'\n",
		host, host, port, port+1, filepath.Join(dir, "backup"), filepath.Join(dir, "state"), serviceURL, host)
	if err := os.WriteFile(s.conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// process starts the agent as a process and returns when it is up.
func (s *site) process() (*exec.Cmd, io.WriteCloser) {
	s.t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), asAgent+"="+s.conf)
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		s.t.Fatal(line, err)
	}
	return c, in
}

func (s *site) get(path string) string {
	s.t.Helper()
	return s.call("GET", path, "")
}

func (s *site) call(verb, path, body string) string {
	s.t.Helper()
	token, err := os.ReadFile(filepath.Join(s.dir, "state", "token"))
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequest(verb, "http://"+s.host+":"+strconv.Itoa(s.port)+"/api/"+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set(agentapi.HeaderToken, string(bytes.TrimSpace(token)))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

func (s *site) until(path, text string) string {
	s.t.Helper()
	var body string
	sandbox.Eventually(s.t, 20*time.Second, func() error {
		if body = s.get(path); !strings.Contains(body, text) {
			return fmt.Errorf("%s says %s", path, body)
		}
		return nil
	})
	return body
}

// backup walks a seed into a backup that hangs and returns the pids of its processes.
func (s *site) backup() []int {
	s.t.Helper()
	s.until("prepare/7/Mysqldump/Target?attempt=1", "tarted")
	s.until("seed-stage-state/7/Prepare?attempt=1", `"Completed"`)
	s.until("backup/7/Mysqldump/src1/3306?attempt=2", "tarted")
	var a, b int
	sandbox.Eventually(s.t, 20*time.Second, func() error {
		text, err := os.ReadFile(filepath.Join(s.dir, "backup", "pids"))
		if err != nil {
			return err
		}
		_, err = fmt.Sscan(string(text), &a, &b)
		return err
	})
	return []int{a, b}
}

func alive(pids []int) (left []int) {
	for _, pid := range pids {
		b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err == nil && !strings.Contains(string(b), ") Z ") && syscall.Kill(pid, 0) == nil {
			left = append(left, pid)
		}
	}
	return left
}

func TestAgentListensBeforeItRegistersAndTellsOfChangesAtOnce(t *testing.T) {
	svc := newService(t)
	s := newSite(t, svc.URL)
	c, _, err := config.Read(s.conf)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	app, err := New(ctx, Options{Config: c, Methods: standIn(), Version: "1.2.3", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Start(ctx); err != nil {
		t.Fatal(err)
	}
	sandbox.Eventually(t, 20*time.Second, func() error {
		if r := svc.registrations(); len(r) != 1 || r[0] != nil {
			return fmt.Errorf("registrations: %v", r)
		}
		return nil
	})
	if body := s.get("get-agent-data"); !strings.Contains(body, `"AgentVersion":"1.2.3"`) || !strings.Contains(body, `"Mysqldump":{"BackupSide":"Target"`) {
		t.Error(body)
	}
	pids := s.backup()
	sandbox.Eventually(t, 20*time.Second, func() error {
		if svc.told(func(st agentapi.SeedStageState) bool {
			return st.Stage == agentapi.Backup && st.Progress != nil && st.Attempt == 2
		}) {
			return nil
		}
		return errors.New("no progress was told")
	})
	if _, err := New(ctx, Options{Config: c, Methods: standIn(), Logger: slog.New(slog.DiscardHandler)}); !errors.Is(err, journal.ErrLocked) {
		t.Errorf("second agent on the same state directory: %v", err)
	}
	if err := app.Stop(ctx); err != nil {
		t.Error(err)
	}
	if left := alive(pids); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	if !svc.told(func(st agentapi.SeedStageState) bool {
		return st.Status == agentapi.Error && st.ErrorCode == "agent-stopped"
	}) {
		t.Error("the stop was not told")
	}
}

func TestAgentKilledInABackupIsTakenUpByTheNextOne(t *testing.T) {
	s := newSite(t, newService(t).URL)
	first, _ := s.process()
	token, err := os.ReadFile(filepath.Join(s.dir, "state", "token"))
	if err != nil {
		t.Fatal(err)
	}
	pids := s.backup()
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	first.Wait()
	if len(alive(pids)) != 2 {
		t.Fatal("the backup died with its agent, the test shows nothing")
	}
	second, in := s.process()
	if left := alive(pids); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	for path, want := range map[string]string{
		"seed-stage-state/7/Backup?attempt=2":    `"ErrorCode":"agent-restarted"`,
		"seed-stage-state/7/Prepare?attempt=1":   `"Status":"Completed"`,
		"backup/7/Mysqldump/src1/3306?attempt=1": `"ErrorCode":"stale-attempt"`,
		"backup/7/Mysqldump/src1/3306?attempt=2": "already started",
	} {
		if body := s.get(path); !strings.Contains(body, want) {
			t.Errorf("%s: %s", path, body)
		}
	}
	if body := s.get("prepare/7/Mysqldump/Target?attempt=3"); body != "Started" {
		t.Error(body)
	}
	if again, err := os.ReadFile(filepath.Join(s.dir, "state", "token")); err != nil || !bytes.Equal(again, token) {
		t.Errorf("the token changed: %v", err)
	}
	in.Close()
	if err := second.Wait(); err != nil {
		t.Error(err)
	}
}

func TestTokenIsMadeOnceAndAnUnusableOneReplaced(t *testing.T) {
	dir := t.TempDir()
	hint := filepath.Join(dir, "hint")
	first, err := loadToken(dir, hint)
	if err != nil || len(first) != 64 {
		t.Fatal(first, err)
	}
	if again, err := loadToken(dir, ""); err != nil || again != first {
		t.Error(again, err)
	}
	for _, path := range []string{filepath.Join(dir, "token"), hint} {
		if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
			t.Error(st, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if again, err := loadToken(dir, ""); err != nil || len(again) != 64 || again == first {
		t.Error(again, err)
	}
}
