package sandbox_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestProgramsStartAtOnceWhileManyAreWrittenAndStarted(t *testing.T) {
	dir := t.TempDir()
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			for j := range 60 {
				path := filepath.Join(dir, fmt.Sprint(i, "-", j))
				if err := sandbox.WriteProgram(path, "#!/bin/sh\nexit 0\n"); err != nil {
					t.Error(err)
				}
				if out, err := exec.Command(path).CombinedOutput(); err != nil {
					t.Errorf("%v: %s", err, out)
				}
			}
		})
	}
	writers.Wait()
}
