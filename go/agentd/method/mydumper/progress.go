package mydumper

import (
	"os"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// often is how often people are told how far something is.
const often = 300 * time.Millisecond

// every calls f again and again, until stop has returned.
func every(each time.Duration, f func()) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(each)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				f()
			}
		}
	}()
	return func() { close(done); <-ended }
}

// watchDump reports how many bytes of rows lie in dir, of the source's estimate, until stop has returned.
func watchDump(dir string, total int64, run method.Runner) (stop func()) {
	return every(often, func() {
		n := rowBytes(dir)
		run.Progress(n, max(total, n+n/20), "dumping rows with "+dumpProgram)
	})
}

// rowBytes is the size of a dump's files; what compressed ones hold is guessed to be three times theirs.
func rowBytes(dir string) (n int64) {
	const usualRatio = 3
	entries, _ := os.ReadDir(dir) // it comes to be in a moment
	for _, e := range entries {
		info, err := e.Info()
		switch {
		case err != nil:
		case strings.HasSuffix(e.Name(), ".sql"):
			n += info.Size()
		case dataFile(e.Name()):
			n += usualRatio * info.Size()
		}
	}
	return n
}
