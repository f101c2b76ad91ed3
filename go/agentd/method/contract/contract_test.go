package contract_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"go.uber.org/goleak"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/contract"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

var subject = contract.Subject{
	Name: agentapi.LVM, BackupSide: agentapi.Source,
	Make: func(b contract.Box) (method.Method, error) {
		m := &copyDir{dir: b.Extra["dir"], addr: net.JoinHostPort(b.Host, strconv.Itoa(b.DataPort))}
		if fault := os.Getenv(standInFault); fault != "" {
			return &faulty{m, fault}, nil
		}
		return m, nil
	},
	World: func(t *testing.T) contract.World { return newDirs(t) },
	Tools: []contract.Tool{
		{Side: agentapi.Source, Name: "tar", When: "-c", Pipe: contract.Writes},
		{Side: agentapi.Target, Name: "tar", When: "-x", Pipe: contract.Reads},
	},
}

func TestMain(m *testing.M) {
	contract.Agent(subject.Make)
	goleak.VerifyTestMain(m)
}

func TestStandInKeepsTheContract(t *testing.T) { contract.Run(t, subject) }

// dirs is a world without servers: a directory on each side.
type dirs struct {
	root  string
	hosts map[agentapi.Side]string
	port  int
	old   int
}

var _ contract.World = (*dirs)(nil)

func newDirs(t *testing.T) *dirs {
	hosts := sandbox.HostsT(t, 2)
	port, err := sandbox.FreePort(hosts[0])
	if err != nil {
		t.Fatal(err)
	}
	d := &dirs{root: t.TempDir(), port: port, hosts: map[agentapi.Side]string{agentapi.Target: hosts[0], agentapi.Source: hosts[1]}}
	for i := range 20 {
		if err := write(filepath.Join(d.dir(agentapi.Source), "table"+strconv.Itoa(i)), string(make([]byte, i*100_000))); err != nil {
			t.Fatal(err)
		}
	}
	if err := write(filepath.Join(d.dir(agentapi.Source), "position"), "bin.000001 542"); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *dirs) dir(side agentapi.Side) string { return filepath.Join(d.root, string(side), "data") }

func (d *dirs) Box(side agentapi.Side) contract.Box {
	return contract.Box{Host: d.hosts[side], DataPort: d.port, Extra: map[string]string{"dir": d.dir(side)}}
}

func (d *dirs) Reset(context.Context) error {
	d.old++
	return errors.Join(os.RemoveAll(d.dir(agentapi.Target)), write(filepath.Join(d.dir(agentapi.Target), "old"), fmt.Sprint("old ", d.old)))
}

func (d *dirs) Old(context.Context) error {
	return d.holds(map[string]string{"old": fmt.Sprint("old ", d.old)})
}

func (d *dirs) Empty(context.Context) error { return errors.New("is never empty") }

func (d *dirs) New(context.Context) error {
	source, err := read(d.dir(agentapi.Source))
	if err != nil {
		return err
	}
	return d.holds(source)
}

func (d *dirs) Beside(context.Context) error {
	beside, err := os.ReadDir(filepath.Dir(d.dir(agentapi.Target)))
	if err == nil && len(beside) != 1 {
		err = fmt.Errorf("%v", beside)
	}
	return err
}

func (d *dirs) Source(context.Context) error {
	source, err := read(d.dir(agentapi.Source))
	if err == nil && len(source) != 21 {
		err = fmt.Errorf("%d files", len(source))
	}
	return err
}

// holds fails unless the target's data are exactly these, by name.
func (d *dirs) holds(want map[string]string) error {
	got, err := read(d.dir(agentapi.Target))
	if err == nil && !maps.Equal(got, want) {
		err = fmt.Errorf("%d files, not as they should be", len(got))
	}
	return err
}

func write(path, text string) error {
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600))
}

// read is every file below root.
func read(root string) (map[string]string, error) {
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		name, rerr := filepath.Rel(root, path)
		all[name] = string(b)
		return errors.Join(err, rerr)
	})
	return all, err
}
