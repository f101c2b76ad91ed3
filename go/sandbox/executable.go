package sandbox

import (
	"os"
	"syscall"
)

// WriteProgram writes an executable file that can be started at once. A child that another goroutine forks while the file is
// open for writing would hold it open until its own exec, and starting the program would fail with "text file busy"
// (go.dev/issue/22315); so nothing forks meanwhile.
func WriteProgram(path, text string) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path+".new", []byte(text), 0o755); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
