// control starts, stops and tells the state of a container, for agents in a container beside it that have the engine's socket
// and no client program: control start|stop|status NAME. start and stop return when it is done, and do nothing when it
// was so before; status exits with 0 when the container runs and with 3 when not. DOCKER_HOST leads to the engine.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ory/dockertest/v3"
	dc "github.com/ory/dockertest/v3/docker"
)

const stopTime = 5 * time.Minute // for a server to shut down in order

var errUsage = errors.New("usage: control start|stop|status NAME")

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "control:", err)
	}
	os.Exit(code)
}

func run(args []string) (int, error) {
	if len(args) != 2 {
		return 2, errUsage
	}
	pool, err := dockertest.NewPool("")
	if err != nil {
		return 1, err
	}
	switch name := args[1]; args[0] {
	case "start":
		err = pool.Client.StartContainer(name, nil)
		var runs *dc.ContainerAlreadyRunning
		if errors.As(err, &runs) {
			err = nil
		}
	case "stop":
		err = stop(pool.Client, name)
	case "status":
		c, ierr := pool.Client.InspectContainer(name)
		if err = ierr; err == nil && !c.State.Running {
			return 3, nil
		}
	default:
		return 2, errUsage
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}

// stop sends SIGTERM itself: the engine's own stop sends the signal that the container was made with, and dockertest makes
// them with one that servers do not heed.
func stop(client *dc.Client, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	err := client.KillContainer(dc.KillContainerOptions{ID: name, Signal: dc.SIGTERM, Context: ctx})
	var down *dc.ContainerNotRunning
	if errors.As(err, &down) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = client.WaitContainerWithContext(name, ctx)
	return err
}
