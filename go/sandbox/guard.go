package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// guard is a shell that waits for the other end of its standard input to close, which the kernel does when this process
// ends, however it ends. It then kills the server and removes its directory. A line of text dismisses it.
type guard struct {
	cmd  *exec.Cmd
	line *os.File
}

const guardScript = `read -r line && exit 0; "$0/control" kill; rm -rf -- "$0"`

func newGuard(dir string) (*guard, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	cmd := exec.Command("/bin/sh", "-c", guardScript, dir)
	cmd.Stdin = r
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C is not for it
	if err := cmd.Start(); err != nil {
		_ = w.Close()
		return nil, fmt.Errorf("start the guard of %s: %w", dir, err)
	}
	return &guard{cmd: cmd, line: w}, nil
}

func (g *guard) dismiss() {
	if g == nil || g.line == nil {
		return
	}
	_, _ = g.line.WriteString("dismissed\n")
	_ = g.line.Close()
	_ = g.cmd.Wait()
	g.line = nil
}
