package contract_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// standInFault names what is wrong with the stand-in.
const standInFault = "CONTRACT_STANDIN_FAULT"

// faulty is a stand-in that breaks the contract.
type faulty struct {
	*copyDir
	fault string
}

func (m *faulty) Prepare(ctx context.Context, w *method.Work) error {
	if m.fault == "leaves a process" && w.Side == agentapi.Target {
		c := exec.Command("sleep", "30") // past the runner
		if err := c.Start(); err != nil {
			return err
		}
		go func() { _ = c.Wait() }()
	}
	if m.fault == "leaves a file" && w.Side == agentapi.Source {
		if err := os.WriteFile(w.Dir+"-notes", nil, 0o600); err != nil {
			return err
		}
	}
	return m.copyDir.Prepare(ctx, w)
}

func (m *faulty) Backup(ctx context.Context, w *method.Work) error {
	err := m.copyDir.Backup(ctx, w)
	if m.fault == "believes tools" && ctx.Err() == nil {
		return nil
	}
	return err
}

func (m *faulty) Restore(ctx context.Context, w *method.Work) error {
	if m.fault == "believes tools" {
		return errors.Join(os.Rename(m.dir, m.old()), os.Rename(m.received(), m.dir))
	}
	if m.fault == "restores once" && exists(m.old()) {
		return errors.New("the old data are aside already")
	}
	return m.copyDir.Restore(ctx, w)
}

func (m *faulty) Release(ctx context.Context, w *method.Work) error {
	if m.fault == "puts nothing back" {
		return os.RemoveAll(m.received())
	}
	return m.copyDir.Release(ctx, w)
}

func TestContractFindsWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ fault, run, want string }{
		{"leaves a process", "(whole|nothing)", "process"},
		{"leaves a file", "(whole|nothing)", "-notes"},
		{"believes tools", "(whole|tar.*cut)", "the seed ended with <nil>"},
		{"restores once", "(whole|kill)/Target_Restore.*has_ended", "when it goes on after a restart"},
		{"puts nothing back", "(whole|abort)/Target_Restore.*has_ended", "the old data are not back"},
	} {
		t.Run(c.fault, func(t *testing.T) {
			t.Parallel()
			p := exec.Command(os.Args[0], "-test.run", "TestStandInKeepsTheContract/"+c.run)
			p.Env = append(os.Environ(), standInFault+"="+c.fault, "CONTRACT_ALL=1")
			out, err := p.CombinedOutput()
			if err == nil || !strings.Contains(string(out), c.want) {
				t.Errorf("the suite ended with %v:\n%s", err, out)
			}
		})
	}
}
