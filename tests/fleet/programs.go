package fleet

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Programs are the paths of the two programs.
type Programs struct {
	Seed  string // orchestrator-seed
	Agent string // orchestrator-agent
}

// In are the two programs in dir, built before; with "" they are built into the other directory.
func In(ctx context.Context, dir, build string) (Programs, error) {
	if dir == "" {
		return Build(ctx, build)
	}
	p := Programs{Seed: filepath.Join(dir, "orchestrator-seed"), Agent: filepath.Join(dir, "orchestrator-agent")}
	for _, program := range []string{p.Seed, p.Agent} {
		if _, err := os.Stat(program); err != nil {
			return p, err
		}
	}
	return p, nil
}

// Build builds both programs into dir.
func Build(ctx context.Context, dir string) (Programs, error) {
	p := Programs{Seed: filepath.Join(dir, "orchestrator-seed"), Agent: filepath.Join(dir, "orchestrator-agent")}
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return p, fmt.Errorf("find the module: %w", err)
	}
	cmd := exec.CommandContext(ctx, filepath.Join(string(root[:len(root)-1]), "script", "build"), dir)
	cmd.Env = append(os.Environ(), "VERSION=test")
	if out, err := cmd.CombinedOutput(); err != nil {
		return p, fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	return p, nil
}
