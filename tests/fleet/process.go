package fleet

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is one of our programs, running. It may be stopped or killed and started again.
type Process struct {
	name    string
	command []string
	env     []string
	logPath string

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{}
}

// Start starts the program; its output is appended to its log.
func (p *Process) Start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		return fmt.Errorf("%s runs already", p.name)
	}
	log, err := os.OpenFile(p.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(p.command[0], p.command[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.env, log, log
	// A group of its own: Ctrl-C in a terminal is for the harness, which then stops its programs in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	done := make(chan struct{})
	p.cmd, p.done = cmd, done
	go func() {
		_ = cmd.Wait() // how it ended is for its log to say
		close(done)
	}()
	return nil
}

// Pid is the process id; 0 when it does not run.
func (p *Process) Pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

// Stop asks it to end, and kills it when it has not after 20 s.
func (p *Process) Stop() error {
	done, err := p.signal(syscall.SIGTERM)
	if done == nil || err != nil {
		return err
	}
	select {
	case <-done:
		p.gone()
		return nil
	case <-time.After(20 * time.Second):
		return errors.Join(fmt.Errorf("%s did not end within 20 s of SIGTERM", p.name), p.Kill())
	}
}

// Kill is kill -9.
func (p *Process) Kill() error {
	done, err := p.signal(syscall.SIGKILL)
	if done == nil || err != nil {
		return err
	}
	<-done
	p.gone()
	return nil
}

// Signal sends it, SIGSTOP and SIGCONT for example.
func (p *Process) Signal(sig syscall.Signal) error {
	_, err := p.signal(sig)
	return err
}

func (p *Process) signal(sig syscall.Signal) (done chan struct{}, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return nil, nil
	}
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return nil, fmt.Errorf("signal %s: %w", p.name, err)
	}
	return p.done, nil
}

func (p *Process) gone() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd = nil
}

// Ended says whether it ran and has ended by itself.
func (p *Process) Ended() bool {
	p.mu.Lock()
	done := p.done
	p.mu.Unlock()
	if done == nil {
		return false
	}
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// Log is all that it has written so far.
func (p *Process) Log() string {
	raw, err := os.ReadFile(p.logPath)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// LogTail is the last n lines of the log that tell something: polls that were answered well are left out.
func (p *Process) LogTail(n int) string {
	lines := strings.Split(strings.TrimRight(p.Log(), "\n"), "\n")
	lines = slices.DeleteFunc(lines, func(line string) bool {
		return strings.Contains(line, "status=200") && (strings.Contains(line, "msg=request") || strings.Contains(line, "msg=call"))
	})
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
