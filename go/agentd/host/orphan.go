package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/procgroup"
)

// orphan is a service command that an agent has begun, as a file in the state directory tells for as long as it runs. An agent
// that is killed leaves the command running: the next one must not do anything to the server beside it.
type orphan struct {
	Start bool // else it stops the server
	Group procgroup.Group
	Since time.Time

	path string
}

func (o orphan) String() string {
	what := "stops"
	if o.Start {
		what = "starts"
	}
	return fmt.Sprintf("process %d, a command of an agent that was killed, which %s MySQL since %s", o.Group.PGID, what, o.Since.Format(time.TimeOnly))
}

const orphanPattern = "service-*.json"

// service runs one of MySQL's service commands; what is left of an earlier agent's was settled before.
func (h *Host) service(ctx context.Context, start bool, command []string) error {
	var note string
	_, _, err := h.o.Sudo.runNoted(ctx, serviceLimit, command, func(pid int) {
		var err error
		if note, err = h.noteService(pid, start); err != nil {
			h.log.Warn("a service command can't be noted; should the agent be killed, the next one will not know of it", "error", err)
		}
	})
	if note != "" {
		err = errors.Join(err, h.serviceEnded(note))
	}
	return err
}

func (h *Host) serviceEnded(note string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.own = slices.DeleteFunc(h.own, func(path string) bool { return path == note })
	return os.Remove(note)
}

func (h *Host) noteService(pid int, start bool) (path string, err error) {
	if h.o.StateDir == "" {
		return "", nil
	}
	group, err := procgroup.Of(pid)
	if err != nil {
		return "", nil // it has ended already
	}
	b, err := json.Marshal(orphan{Start: start, Group: group, Since: time.Now()})
	if err != nil {
		return "", err
	}
	path = filepath.Join(h.o.StateDir, "service-"+strconv.Itoa(pid)+".json")
	h.mu.Lock()
	defer h.mu.Unlock()
	h.own = append(h.own, path)
	return path, os.WriteFile(path, b, 0o600)
}

// orphans are the commands of earlier agents that still run. A command has ended with its first process: what it leaves in the
// background, such as a server, is meant to stay.
func (h *Host) orphans() ([]orphan, error) {
	if h.o.StateDir == "" {
		return nil, nil
	}
	paths, err := filepath.Glob(filepath.Join(h.o.StateDir, orphanPattern))
	if err != nil {
		return nil, err
	}
	var found []orphan
	for _, path := range paths {
		h.mu.Lock()
		own := slices.Contains(h.own, path)
		h.mu.Unlock()
		if own {
			continue
		}
		o, err := readOrphan(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, fmt.Errorf("read which service commands run: %w", err)
		case o.Group.PGID == 0:
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		default:
			found = append(found, o)
		}
	}
	return found, nil
}

// readOrphan gives one without a group for a command that has ended, and for a file that was cut: its agent died before the
// command can have done much.
func readOrphan(path string) (orphan, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return orphan{}, err
	}
	o := orphan{path: path}
	if json.Unmarshal(b, &o) != nil {
		return orphan{}, nil
	}
	members, err := o.Group.Members()
	if err != nil {
		return orphan{}, err
	}
	if !slices.Contains(members, o.Group.PGID) {
		return orphan{}, nil
	}
	return o, nil
}

// SettleMySQL returns when no command of an agent that was killed starts or stops MySQL any more. With stopping such a command
// is ended: the server is to be stopped in any case. Else it may end by itself within the time that every command has, and is
// ended after it.
func (h *Host) SettleMySQL(ctx context.Context, stopping bool) error {
	told := false
	for {
		all, err := h.orphans()
		if err != nil || len(all) == 0 {
			return err
		}
		if !told {
			h.log.Warn("MySQL is waited for", "command", all[0].String())
			told = true
		}
		for _, o := range all {
			switch age := time.Since(o.Since); {
			case !stopping && age < serviceLimit:
			default:
				if err := o.end(ctx); err != nil {
					return err
				}
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", all[0], context.Cause(ctx))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (o orphan) end(ctx context.Context) error {
	if err := o.Group.End(ctx, afterOutput); err != nil {
		return fmt.Errorf("end %s: %w", o, err)
	}
	return nil
}

// answersMeanwhile says that all that is waited for is a start whose server answers.
func (h *Host) answersMeanwhile(ctx context.Context) bool {
	all, err := h.orphans()
	return err == nil && !slices.ContainsFunc(all, func(o orphan) bool { return !o.Start }) && h.pingMySQL(ctx) == nil
}
