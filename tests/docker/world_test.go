package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ory/dockertest/v3"
	dc "github.com/ory/dockertest/v3/docker"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

const (
	seedTime  = 5 * time.Minute // most that a seed may take
	startTime = 3 * time.Minute // most until a new server answers
	rootWord  = "password of root"
)

// world is a source and a target in containers of one image, each with an agent in a container, and a service.
type world struct {
	*fleet.Fleet
	t       *testing.T
	ctx     context.Context
	dir     string // all of it, at the same path in every container
	image   string
	agents  string // image of the agents
	full    bool   // the source holds every object that the harness has for its flavour
	prefix  string // of the containers' names
	servers []*dockertest.Resource
}

func start(t *testing.T, image string, fill sandbox.FillOptions) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	t.Cleanup(cancel)
	w := &world{Fleet: &fleet.Fleet{}, t: t, ctx: ctx, image: image, prefix: fmt.Sprintf("orchestrator-seed-%d-%d", os.Getpid(), time.Now().UnixNano())}
	var err error
	w.agents, err = engine.build(ctx, "orchestrator-agent-with-tools", "--build-arg", "BASE="+image)
	w.must(err, "build the agents' image")
	w.dir, err = os.MkdirTemp("", "orchestrator-seed-docker-")
	w.must(err, "make a directory")
	w.must(os.Chmod(w.dir, 0o755), "open the directory") // to the server's user
	t.Cleanup(w.end)
	w.Dir = w.dir
	hosts := sandbox.HostsT(t, 3)
	source, target := w.serve("source", hosts[1]), w.serve("target", hosts[2])
	w.Source, w.Target = &fleet.Agent{Server: w.attach(source)}, &fleet.Agent{Server: w.attach(target)}
	db := w.Source.Server.Open("")
	w.full = w.newest()
	fill.Common = !w.full
	w.must(sandbox.Fill(ctx, db, fill), "fill the source")
	w.must(db.Close(), "close")
	w.Service, err = fleet.StartService(ctx, fleet.ServiceOptions{Programs: fleet.Programs{Seed: engine.seed}, Dir: filepath.Join(w.dir, "service"),
		Host: hosts[0], Passwords: w.Source.Server.Passwords})
	if w.Service != nil {
		t.Cleanup(func() { w.must(errors.Join(w.Service.Stop()), "stop the service") })
	}
	w.must(err, "start the service")
	w.Source = w.agent("source", w.Source.Server)
	w.Target = w.agent("target", w.Target.Server)
	return w
}

// place is where a server listens, and its container.
type place struct {
	host string
	port int
	name string
}

// serve starts a server in a container, with its data in a directory of ours.
func (w *world) serve(name, address string) place {
	w.t.Helper()
	port, err := sandbox.FreePort(address)
	w.must(err, "find a port")
	dir := filepath.Join(w.dir, name)
	w.must(os.Mkdir(dir, 0o777), "make the server's directory")
	w.must(os.Chmod(dir, 0o777), "open the server's directory")
	p := place{host: address, port: port, name: w.prefix + "-" + name}
	repository, tag := split(w.image)
	r, err := engine.run(dockertest.RunOptions{
		Name: p.name, Repository: repository, Tag: tag, Cmd: options(dir, p), Mounts: []string{dir + ":" + dir},
		Env: []string{"MYSQL_ROOT_PASSWORD=" + rootWord, "MARIADB_ROOT_PASSWORD=" + rootWord, "MYSQL_INITDB_SKIP_TZINFO=1", "MARIADB_INITDB_SKIP_TZINFO=1"},
	}, func(c *dc.HostConfig) { c.PidMode = "host" })
	w.must(err, "start a server")
	w.servers = append(w.servers, r)
	return p
}

// options are the server's; those that not every flavour and version knows are loose.
func options(dir string, p place) []string {
	return []string{
		"--datadir=" + filepath.Join(dir, "data"), "--pid-file=" + filepath.Join(dir, "server.pid"),
		"--bind-address=" + p.host, "--port=" + strconv.Itoa(p.port), "--report-host=" + p.host, "--skip-name-resolve",
		"--server-id=" + strconv.Itoa(p.port), "--log-bin=binlog", "--relay-log=relay", "--loose-binlog-format=ROW", "--loose-log-slave-updates=ON",
		"--loose-gtid-mode=ON", "--loose-enforce-gtid-consistency=ON", "--loose-mysqlx=OFF", "--loose-innodb-redo-log-capacity=128M",
		"--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0", "--max-allowed-packet=64M",
		"--character-set-server=utf8mb4", "--loose-innodb-buffer-pool-load-at-startup=OFF",
	}
}

// attach waits for the server; a container that ended is not waited for.
func (w *world) attach(p place) *sandbox.Server {
	w.t.Helper()
	ctx, cancel := context.WithCancelCause(w.ctx)
	defer cancel(nil)
	go func() {
		if code, err := engine.pool.Client.WaitContainerWithContext(p.name, ctx); err == nil {
			cancel(fmt.Errorf("the container ended with %d", code))
		}
	}()
	s, err := sandbox.Attach(ctx, sandbox.AttachOptions{Host: p.host, Port: p.port, RootPassword: rootWord, Passwords: sandbox.AwkwardPasswords(), StartTimeout: startTime})
	w.must(errors.Join(err, context.Cause(ctx)), "start a server of "+w.image)
	w.t.Cleanup(func() { _ = s.Close() })
	return s
}

// newest: the server is of a series that all of the harness's objects are known to.
func (w *world) newest() bool {
	w.t.Helper()
	db := w.Source.Server.Open("")
	defer db.Close()
	var version string
	w.must(db.QueryRowContext(w.ctx, "SELECT VERSION()").Scan(&version), "ask for the version")
	w.t.Logf("%s: %s", w.image, version)
	number, _, _ := strings.Cut(version, "-")
	var major, minor int
	_, err := fmt.Sscanf(number, "%d.%d", &major, &minor)
	w.must(err, "read the version "+version)
	if strings.Contains(version, "MariaDB") {
		return major > 10 || major == 10 && minor >= 11
	}
	return major >= 9
}

// agent starts an agent in a container that has all that the server's image has.
func (w *world) agent(name string, s *sandbox.Server) *fleet.Agent {
	w.t.Helper()
	dir := filepath.Join(w.dir, name)
	container := w.prefix + "-" + name + "-agent"
	control := filepath.Join(w.dir, "control")
	if _, err := os.Stat(control); err != nil {
		w.must(os.Link(engine.control, control), "bring control along")
	}
	mounts := "-v '" + w.dir + ":" + w.dir + "'"
	if engine.socket != "" {
		mounts += " -v '" + engine.socket + ":" + engine.socket + "'"
	}
	// SYS_PTRACE: the agent looks at the server's process, which is of another user.
	program := filepath.Join(w.dir, name+"-agent")
	w.must(sandbox.WriteProgram(program, "#!/bin/sh\nexec docker run --rm --name "+container+" --network host --pid host --cap-add SYS_PTRACE "+
		mounts+" -e DOCKER_HOST='"+engine.pool.Client.Endpoint()+"' "+w.agents+" \"$@\"\n"), "write a program")
	server := w.prefix + "-" + name
	a, err := fleet.StartAgent(w.ctx, fleet.AgentOptions{
		Programs: fleet.Programs{Agent: program}, Service: w.Service, Server: s, Dir: filepath.Join(dir, "agent"), Env: os.Environ(),
		Config: map[string]map[string]any{
			"mysql": {
				"service-status-command": []string{control, "status", server}, "service-start-command": []string{control, "start", server},
				"service-stop-command": []string{control, "stop", server},
			},
			"mydumper": {"enabled": true}, "xtrabackup": {"enabled": true}, "clone_plugin": {"enabled": true, "install-plugin": true},
		},
	})
	if a != nil && a.Process != nil {
		w.t.Cleanup(func() { w.must(a.Stop(), "stop an agent") })
	}
	w.must(err, "start an agent")
	return a
}

// end removes containers and the directory, and tells what they said if the test failed.
func (w *world) end() {
	for _, r := range w.servers {
		if w.t.Failed() {
			w.t.Logf("%s:\n%s", r.Container.Name, engine.logs(r.Container.ID, 30))
		}
		w.must(engine.pool.Purge(r), "remove a server's container")
	}
	for _, name := range []string{"source", "target"} { // an agent that did not end by itself
		_ = engine.pool.RemoveContainerByName(w.prefix + "-" + name + "-agent")
	}
	repository, tag := split(w.image)
	r, err := engine.run(dockertest.RunOptions{
		Name: w.prefix + "-end", Repository: repository, Tag: tag, User: "0", Entrypoint: []string{"rm"},
		Cmd: []string{"-rf", "--", filepath.Join(w.dir, "source"), filepath.Join(w.dir, "target")}, Mounts: []string{w.dir + ":" + w.dir},
	})
	w.must(err, "remove the servers' files")
	_, err = engine.pool.Client.WaitContainerWithContext(r.Container.ID, context.Background())
	w.must(errors.Join(err, engine.pool.Purge(r), os.RemoveAll(w.dir)), "remove the servers' files")
}

func (w *world) must(err error, doing string) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("%s: %v", doing, err)
	}
}
