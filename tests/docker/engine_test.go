package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/ory/dockertest/v3"
	dc "github.com/ory/dockertest/v3/docker"
)

// host is this machine with its engine.
type host struct {
	pool    *dockertest.Pool
	root    string // of the repository
	seed    string // the service's program on this machine
	control string // the program that starts and stops containers, static
	socket  string // of the engine, "" if it is reached otherwise
	dir     string
	images  []string // that were built here
}

func newHost(ctx context.Context) (h *host, err error) {
	h = &host{}
	if h.root, err = filepath.Abs("../.."); err != nil {
		return nil, err
	}
	if h.pool, err = dockertest.NewPool(""); err != nil {
		return nil, fmt.Errorf("find the container engine: %w", err)
	}
	if err := h.pool.Client.Ping(); err != nil {
		return nil, fmt.Errorf("the container engine does not answer: %w; run script/test-docker, or set DOCKER_HOST", err)
	}
	h.socket, _ = strings.CutPrefix(h.pool.Client.Endpoint(), "unix://")
	h.seed = filepath.Join(h.root, "bin", "orchestrator-seed")
	for _, program := range []string{h.seed, filepath.Join(h.root, "bin", "orchestrator-agent")} {
		if _, err := os.Stat(program); err != nil {
			return nil, fmt.Errorf("%w; run script/build", err)
		}
	}
	if h.dir, err = os.MkdirTemp("", "orchestrator-seed-docker-"); err != nil {
		return nil, err
	}
	h.control = filepath.Join(h.dir, "control")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", h.control, "./control")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("build control: %w\n%s", err, out), h.close())
	}
	return h, os.Chmod(h.dir, 0o755)
}

// close removes what was built.
func (h *host) close() error {
	errs := []error{os.RemoveAll(h.dir)}
	for _, image := range h.images {
		errs = append(errs, h.pool.Client.RemoveImage(image))
	}
	return errors.Join(errs...)
}

// build makes an image of a target of the Dockerfile, as a person does, with a name that nobody else has.
func (h *host) build(ctx context.Context, target string, args ...string) (image string, err error) {
	image = fmt.Sprintf("%s:test-%d-%d", target, os.Getpid(), len(h.images))
	command := append([]string{"build", "--target", target, "--tag", image}, args...)
	out, err := exec.CommandContext(ctx, "docker", append(command, h.root)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the image %s: %w\n%s", target, err, out)
	}
	h.images = append(h.images, image)
	return image, nil
}

// run starts a container on the host's network and process ids.
func (h *host) run(o dockertest.RunOptions, more ...func(*dc.HostConfig)) (*dockertest.Resource, error) {
	r, err := h.pool.RunWithOptions(&o, append([]func(*dc.HostConfig){func(c *dc.HostConfig) {
		c.NetworkMode, c.PublishAllPorts = "host", false
	}}, more...)...)
	if err != nil {
		return nil, fmt.Errorf("start a container of %s:%s: %w", o.Repository, o.Tag, err)
	}
	return r, nil
}

// logs are the last lines that a container wrote.
func (h *host) logs(container string, lines int) string {
	var b bytes.Buffer
	err := h.pool.Client.Logs(dc.LogsOptions{Container: container, OutputStream: &b, ErrorStream: &b, Stdout: true, Stderr: true, Tail: fmt.Sprint(lines)})
	if err != nil {
		return err.Error()
	}
	return b.String()
}

// split cuts NAME:TAG; a registry's port is no tag.
func split(image string) (repository, tag string) {
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		return image[:i], image[i+1:]
	}
	return image, "latest"
}
