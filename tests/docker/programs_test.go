package docker

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ory/dockertest/v3"
	dc "github.com/ory/dockertest/v3/docker"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// sealed is how the programs' containers are meant to be run: nothing but their volumes can be written to, no privileges.
func sealed(c *dc.HostConfig) {
	c.ReadonlyRootfs, c.CapDrop, c.SecurityOpt = true, []string{"ALL"}, []string{"no-new-privileges"}
}

func TestProgramsOfTheDockerfileRunWithoutRootOnAReadOnlyFileSystem(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	images := map[string]string{}
	for program, version := range map[string]string{"orchestrator-seed": "version", "orchestrator-agent": "--version"} {
		var err error
		if images[program], err = engine.build(ctx, program); err != nil {
			t.Fatal(err)
		}
		if text := says(t, images[program], version); text == "" || strings.Contains(text, "\n") {
			t.Errorf("%s %s says %q", program, version, text)
		}
	}
	hosts := sandbox.HostsT(t, 2)
	dir := t.TempDir()
	ports := make([]int, 4)
	for i := range ports {
		var err error
		if ports[i], err = sandbox.FreePort(hosts[i/2]); err != nil {
			t.Fatal(err)
		}
	}
	service := program(t, images["orchestrator-seed"], "/etc/orchestrator.conf.json", write(t, dir, "orchestrator.conf.json", jsonOf(t, map[string]any{
		"ListenAddress": address(hosts[0], ports[0]), "AgentsServerPort": address(hosts[0], ports[1]),
	})))
	c, err := client.New(client.Options{API: "http://" + address(hosts[0], ports[0])})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	await(ctx, t, service, func() error { _, _, err := client.LeaderCheck().Fetch(ctx, c); return err })
	answer, err := http.Get("http://" + address(hosts[0], ports[0]) + "/api/health")
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("/api/health: %v %v", answer, err)
	}
	// No server is beside this agent: it registers all the same, and says so.
	agent := program(t, images["orchestrator-agent"], "/etc/orchestrator-agent.conf", write(t, dir, "orchestrator-agent.conf", fmt.Sprintf(`
[common]
hostname = %q
bind-address = %q
port = %d
seed-port = %d
backup-dir = "/var/lib/orchestrator-agent/backup"
[orchestrator]
url = "http://%s"
agents-port = %d
[mysql]
host = %q
user = "nobody"
password = "there"
`, hosts[1], hosts[1], ports[2], ports[3], hosts[0], ports[1], hosts[1])))
	await(ctx, t, agent, func() error { _, _, err := client.UpdateAgent(hosts[1]).Fetch(ctx, c); return err })
	for name, r := range map[string]*dockertest.Resource{"service": service, "agent": agent} {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.Container.State.Pid))
		if err != nil || !strings.Contains(string(status), "\nUid:\t65534\t65534\t65534\t65534\n") {
			t.Errorf("the %s runs as another user: %v\n%s", name, err, status)
		}
		if code := ends(t, r); code != 0 {
			t.Errorf("after SIGTERM the %s ended with %d: %s", name, code, engine.logs(r.Container.ID, 20))
		}
	}
}

// says runs a program's image with arguments and returns its standard output.
func says(t *testing.T, image string, args ...string) string {
	t.Helper()
	r := runs(t, image, nil, args)
	if code, err := engine.pool.Client.WaitContainer(r.Container.ID); err != nil || code != 0 {
		t.Fatalf("%s %v ended with %d, %v: %s", image, args, code, err, engine.logs(r.Container.ID, 20))
	}
	var out bytes.Buffer
	if err := engine.pool.Client.Logs(dc.LogsOptions{Container: r.Container.ID, OutputStream: &out, Stdout: true}); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}

// program starts a program's image with a file of configuration where it looks for it.
func program(t *testing.T, image, path, config string) *dockertest.Resource {
	t.Helper()
	return runs(t, image, []string{config + ":" + path + ":ro"}, nil)
}

func runs(t *testing.T, image string, mounts, args []string) *dockertest.Resource {
	t.Helper()
	repository, tag := split(image)
	r, err := engine.run(dockertest.RunOptions{Repository: repository, Tag: tag, Cmd: args}, sealed, func(c *dc.HostConfig) { c.Binds = mounts })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.pool.Purge(r); err != nil {
			t.Error(err)
		}
	})
	return r
}

func await(ctx context.Context, t *testing.T, r *dockertest.Resource, f func() error) {
	t.Helper()
	if err := fleet.Until(ctx, 40*time.Second, f); err != nil {
		t.Fatalf("%v\n%s", err, engine.logs(r.Container.ID, 30))
	}
}

// ends sends SIGTERM and returns the exit status.
func ends(t *testing.T, r *dockertest.Resource) int {
	t.Helper()
	if err := engine.pool.Client.KillContainer(dc.KillContainerOptions{ID: r.Container.ID, Signal: dc.SIGTERM}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	code, err := engine.pool.Client.WaitContainerWithContext(r.Container.ID, ctx)
	if err != nil {
		t.Fatalf("it did not end: %v", err)
	}
	return code
}

// write makes a file that every user can read, the container's too.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func address(host string, port int) string { return host + ":" + strconv.Itoa(port) }
