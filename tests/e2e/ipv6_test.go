package e2e

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// overIPv6: one address in two ways, so that source and target are two hosts; each program has ports of its own.
var overIPv6 = []string{"::1", "::1", "0::1"}

func TestMariaDBBecomesAReplicaByMysqldumpOverIPv6(t *testing.T) {
	w := start(t, fleet.Options{Kind: sandbox.MariaDB, Hosts: overIPv6, Fill: fill(10)})
	w.seededOverIPv6(agentapi.Mysqldump)
}

func TestMariaDBBecomesAReplicaByXtrabackupOverIPv6OnceItsDataPortIsFree(t *testing.T) {
	w := start(t, fleet.Options{Kind: sandbox.MariaDB, Hosts: overIPv6, Fill: fill(10),
		AgentConfig: map[string]map[string]any{"xtrabackup": {"enabled": true}}})
	other, err := net.Listen("tcp", net.JoinHostPort(w.Target.Host, strconv.Itoa(w.Target.SeedPort)))
	w.must(err, "take the data port")
	if id, err := w.Seed(w.ctx, agentapi.Xtrabackup); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("seed %d: %v, want a refusal that says that the data port is in use", id, err)
	}
	w.must(other.Close(), "give the data port back")
	w.seededOverIPv6(agentapi.Xtrabackup)
}

func TestMySQL97BecomesAReplicaByClonePluginOverIPv6ByNames(t *testing.T) {
	if !named(t, map[string]string{"seed-source": "::1", "seed-target": "::1"}) {
		return
	}
	w := start(t, fleet.Options{Kind: sandbox.MySQL97, Hosts: []string{"::1", "seed-source", "seed-target"}, AgentConfig: cloning, Fill: fillInnoDB(10)})
	w.seededOverIPv6(agentapi.ClonePlugin)
}

var cloning = map[string]map[string]any{"clone_plugin": {"enabled": true, "install-plugin": true}}

func fillInnoDB(megabytes int64) func(context.Context, *sandbox.Server) error {
	return func(ctx context.Context, s *sandbox.Server) error {
		db := s.Open("")
		defer db.Close()
		return sandbox.Fill(ctx, db, sandbox.FillOptions{Bytes: megabytes << 20, Tables: 3, InnoDBOnly: true})
	}
}

func (w *world) seededOverIPv6(method agentapi.Method) {
	w.t.Helper()
	id := w.seedBy(method)
	w.completed(id)
	w.isReplica(id)
	status := w.status()
	if host := status["Master_Host"] + status["Source_Host"]; host != w.Source.Host {
		w.t.Errorf("the replica's source is %q, want %q", host, w.Source.Host)
	}
	w.nothingIsLeft(id)
}

// named runs the calling test once more in a process for which the names lead to these addresses, and says whether this is
// that process. The process has a view of the file systems of its own, in which its own file is mounted on /etc/hosts.
func named(t *testing.T, names map[string]string) bool {
	t.Helper()
	const mark, hosts = "ORCHESTRATOR_SEED_TEST_HOSTS", "/etc/hosts"
	if file := os.Getenv(mark); file != "" {
		err := errors.Join(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""), unix.Mount(file, hosts, "", unix.MS_BIND, ""))
		if err != nil {
			t.Fatalf("mount names on %s, which needs root: %v", hosts, err)
		}
		return true
	}
	text := read(t, hosts)
	for name, address := range names {
		text += address + " " + name + "\n"
	}
	file := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), mark+"="+file)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("with names of its own: %v\n%s", err, out)
	}
	return false
}
