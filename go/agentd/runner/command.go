package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/journal"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/procgroup"
)

// drainTime is how long the output of a process that has ended may take to be read to its end.
const drainTime = time.Minute

// proc is one process group of a run.
type proc struct {
	u     *run
	cmd   *exec.Cmd
	ctx   context.Context
	tail  *tail // nil when the caller takes stderr itself
	group procgroup.Group
}

func (u *run) command(ctx context.Context, env []string, name string, args []string) *method.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	u.r.mu.Lock()
	mark := u.s.e.Mark
	u.r.mu.Unlock()
	c.Env = append(append(os.Environ(), env...), string(mark), string(u.mark))
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.WaitDelay = drainTime
	p := &proc{u: u, cmd: c, ctx: ctx}
	c.Cancel = func() error { // the caller's own context: the group ends as on an abort
		u.r.work.Go(func() {
			if group, started := p.known(); started {
				group.End(context.WithoutCancel(ctx), u.r.o.Grace)
			}
		})
		return nil
	}
	return &method.Cmd{Cmd: c, StartFn: p.start, WaitFn: sync.OnceValue(p.wait)}
}

// start holds the run's lock from the look whether the run goes on until the process is known, so that an abort finds it.
func (p *proc) start() error {
	u := p.u
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return fmt.Errorf("start %s: %w", p.name(), errors.Join(context.Cause(u.ctx), context.Canceled))
	}
	if p.cmd.Stderr == nil {
		p.tail = newTail(stderrBuffer)
		p.cmd.Stderr = p.tail
	}
	// From here the process may be found by its mark even if nothing else is written.
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.name(), err)
	}
	group, err := procgroup.Of(p.cmd.Process.Pid)
	if err == nil {
		p.group = group
		u.procs[p] = struct{}{}
		err = u.journalGroup(p)
	}
	if err != nil {
		syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		p.cmd.Wait()
		delete(u.procs, p)
		return fmt.Errorf("start %s: %w", p.name(), err)
	}
	return nil
}

// known waits until a start that is under way has found the process's group: the context may end before that. A process that
// could not be found has been killed by start.
func (p *proc) known() (group procgroup.Group, started bool) {
	p.u.mu.Lock()
	defer p.u.mu.Unlock()
	return p.group, p.group != procgroup.Group{}
}

func (p *proc) name() string { return filepath.Base(p.cmd.Path) }

func (u *run) journalGroup(p *proc) error {
	u.r.mu.Lock()
	u.s.e.Groups = append(u.s.e.Groups, journal.Group{Group: p.group, Stage: string(u.stage), Attempt: u.attempt, Tool: p.name()})
	u.r.mu.Unlock()
	return u.r.save(u.s)
}

// forget takes a group that has ended out of the journal; the next write carries it.
func (u *run) forget(p *proc) {
	u.mu.Lock()
	delete(u.procs, p)
	u.mu.Unlock()
	u.r.mu.Lock()
	u.s.e.Groups = slices.DeleteFunc(u.s.e.Groups, func(g journal.Group) bool { return g.Group == p.group })
	u.s.dirty = true
	u.r.mu.Unlock()
}

func (p *proc) wait() error {
	err := p.cmd.Wait()
	text := ""
	if p.tail != nil {
		text = p.tail.String()
	}
	p.u.keepTail(p.name(), err, text)
	if left, merr := p.group.Members(); merr == nil && len(left) == 0 {
		p.u.forget(p)
	} // else: ended with the stage
	if err == nil {
		return nil
	}
	if last := lastLines(text, 10); last != "" {
		err = fmt.Errorf("%s: %w: %s", p.name(), err, last)
	} else {
		err = fmt.Errorf("%s: %w", p.name(), err)
	}
	if c := context.Cause(p.ctx); c != nil && !errors.Is(err, c) {
		err = errors.Join(c, err)
	}
	return err
}

func (u *run) keepTail(name string, err error, text string) {
	t := journal.Tool{Name: name, Stderr: text}
	if err != nil {
		t.Ended = err.Error()
	}
	if t.Stderr == "" && t.Ended == "" {
		return
	}
	if over := len(t.Stderr) - longestTail; over > 0 {
		t.Stderr = t.Stderr[over:]
	}
	t.Stderr = strings.ToValidUTF8(t.Stderr, "?")
	u.change(func(_ *journal.Entry, st *journal.Stage) {
		st.Tools = append(st.Tools, t)
		if over := len(st.Tools) - mostTools; over > 0 {
			st.Tools = st.Tools[over:]
		}
	})
}

// endProcesses ends every process of the run and keeps new ones from being started. It may be called again, and from
// several goroutines; each call returns when none is left, or with an error that names those that are.
func (u *run) endProcesses() error {
	u.mu.Lock()
	u.closed = true
	leave := u.leave
	procs := make([]*proc, 0, len(u.procs))
	for p := range u.procs {
		procs = append(procs, p)
	}
	u.mu.Unlock()
	if leave {
		for _, p := range procs {
			u.forget(p)
		}
		return nil
	}
	var wg sync.WaitGroup
	errs := make([]error, len(procs)+1)
	for i, p := range procs {
		wg.Go(func() {
			if errs[i] = p.group.End(context.Background(), u.r.o.Grace); errs[i] == nil {
				u.forget(p)
			}
		})
	}
	wg.Wait()
	// The run's own mark, not the seed's: a background, or a look at metadata, goes on beside a stage.
	errs[len(procs)] = u.mark.End(context.Background(), u.r.o.Grace)
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("end processes: %w", err)
	}
	return nil
}
