package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/rpc"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// mostWait is the longest that anything may take.
const mostWait = 60 * time.Second

// errDied: the box's agent has ended.
var errDied = errors.New("the agent is dead")

// agent is a box with its process, which may be ended and started again.
type agent struct {
	t   *testing.T
	box Box

	cmd   *exec.Cmd
	calls *rpc.Client
	log   *os.File
	dead  chan struct{}
}

// newAgent makes the box's directories and starts its agent; tools is put first in PATH.
func newAgent(t *testing.T, b Box) *agent {
	t.Helper()
	for _, dir := range []string{b.BackupDir(), b.StateDir()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.OpenFile(filepath.Join(b.Dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	a := &agent{t: t, box: b, log: log}
	t.Cleanup(func() {
		a.t = t
		a.stop()
		log.Close()
	})
	a.start("")
	return a
}

// start starts the agent's process; it answers when start returns.
func (a *agent) start(tools string) {
	a.t.Helper()
	text, err := json.Marshal(a.box)
	if err != nil {
		a.t.Fatal(err)
	}
	a.cmd = exec.Command(os.Args[0])
	a.cmd.Env = append(os.Environ(), boxVariable+"="+string(text), boxMark+a.box.Dir)
	if tools != "" {
		a.cmd.Env = append(a.cmd.Env, "PATH="+tools+":"+os.Getenv("PATH"))
	}
	a.cmd.Stderr = a.log
	a.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := a.cmd.StdinPipe()
	if err != nil {
		a.t.Fatal(err)
	}
	out, err := a.cmd.StdoutPipe()
	if err != nil {
		a.t.Fatal(err)
	}
	if err := a.cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	a.calls = rpc.NewClient(pipes{out, in})
	a.dead = make(chan struct{})
	go func(cmd *exec.Cmd, dead chan struct{}) {
		_, _ = cmd.Process.Wait()
		close(dead)
	}(a.cmd, a.dead)
	if err := a.call("Up", 0, new(int)); err != nil {
		a.t.Fatalf("agent of the %s does not start: %v\n%s", a.box.Side, err, a.lastWords())
	}
}

type pipes struct {
	io.ReadCloser
	w io.WriteCloser
}

func (p pipes) Write(b []byte) (int, error) { return p.w.Write(b) }
func (p pipes) Close() error                { return errors.Join(p.w.Close(), p.ReadCloser.Close()) }

// call asks the agent; errDied when it has none to ask any more.
func (a *agent) call(name string, args, reply any) error {
	err := a.calls.Call("Calls."+name, args, reply)
	var said rpc.ServerError
	if err == nil || errors.As(err, &said) {
		return err
	}
	return fmt.Errorf("%s: %w (%w)", a.box.Side, errDied, err)
}

// kill ends the agent with SIGKILL; what it started goes on.
func (a *agent) kill() {
	_ = a.cmd.Process.Kill()
	a.gone()
}

// stop ends the agent as its service manager does.
func (a *agent) stop() {
	_ = a.calls.Close()
	a.gone()
}

func (a *agent) gone() {
	select {
	case <-a.dead:
	case <-time.After(mostWait):
		a.t.Errorf("agent of the %s does not end", a.box.Side)
		_ = a.cmd.Process.Kill()
		<-a.dead
	}
	_ = a.calls.Close()
}

// restart starts the agent again after its death, and looks that nothing is left of what the dead one had started.
func (a *agent) restart(tools string) {
	a.t.Helper()
	a.gone()
	a.start(tools)
	if left := marked(a.box, a.cmd.Process.Pid); len(left) > 0 {
		a.t.Errorf("after a restart of the %s's agent these go on: %v", a.box.Side, left)
	}
}

func (a *agent) died() bool {
	select {
	case <-a.dead:
		return true
	default:
		return false
	}
}

func (a *agent) held() bool {
	var held bool
	return a.call("Held", 0, &held) == nil && held
}

func (a *agent) plan(p Plan) {
	a.t.Helper()
	if err := a.call("Plan", p, new(int)); err != nil {
		a.t.Fatal(err)
	}
}

func (a *agent) moments() []Moment {
	a.t.Helper()
	var seen map[agentapi.Stage][]string
	if err := a.call("Moments", 0, &seen); err != nil {
		a.t.Fatal(err)
	}
	var all []Moment
	for _, stage := range append([]agentapi.Stage{inBackground, inRelease}, agentapi.Stages...) {
		for i, what := range seen[stage] {
			all = append(all, Moment{Side: a.box.Side, Stage: stage, N: i + 1, What: what})
		}
	}
	return all
}

// lastWords is the end of the agent's log.
func (a *agent) lastWords() string {
	const most = 2000
	b, err := os.ReadFile(filepath.Join(a.box.Dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-most):])
}
