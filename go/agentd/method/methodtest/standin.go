package methodtest

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// StandIn is a directory in testdata with a program that stands in for a real one and ends badly, and what the stage must
// say of it.
type StandIn struct{ Dir, Code, Text string }

// EndsBadly runs a stage with each stand-in first in PATH; it must fail and leave nothing. The environment variable env names
// the real program to the stand-in.
func EndsBadly(t *testing.T, w *World, stage func(context.Context, *method.Work) error, env, program string, all ...StandIn) {
	t.Helper()
	RealProgram(t, env, program)
	for _, s := range all {
		t.Run(s.Dir, func(t *testing.T) {
			Path(t, filepath.Join("testdata", s.Dir))
			if err := stage(t.Context(), w.Work); Code(err) != s.Code || !strings.Contains(err.Error(), s.Text) {
				t.Errorf("the stage said %v with code %q, want %q with code %q", err, Code(err), s.Text, s.Code)
			}
			w.NothingLeft()
		})
	}
}

// RealProgram sets an environment variable to the path of a program in PATH, for those that stand in for it.
func RealProgram(t testing.TB, env, program string) {
	t.Helper()
	real, err := exec.LookPath(program)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(env, real)
}
