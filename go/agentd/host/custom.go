package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// ErrNoCommand: no custom command of that name is configured.
var ErrNoCommand = errors.New("command not found")

// postSeedName is the custom command that runs after a seed. It is listed with the others, because the list is how the
// service learns that there is one.
const postSeedName = "post-seed-command"

// CustomCommands is the names that CustomCommand takes, sorted.
func (h *Host) CustomCommands() []string {
	names := slices.Collect(maps.Keys(h.o.CustomCommands))
	if len(h.o.PostSeedCommand) > 0 {
		names = append(names, postSeedName)
	}
	slices.Sort(names)
	return names
}

// CustomCommand runs a configured command, without any argument of the caller's, and returns its output. ErrNoCommand when
// there is none of that name.
func (h *Host) CustomCommand(ctx context.Context, name string) (string, error) {
	args, ok := h.o.CustomCommands[name]
	if name == postSeedName && len(h.o.PostSeedCommand) > 0 {
		args, ok = h.o.PostSeedCommand, true
	}
	if !ok {
		return "", fmt.Errorf("%s: %w", name, ErrNoCommand)
	}
	return h.o.Sudo.run(ctx, h.o.CommandLimit, args)
}

// PostSeedVector is the configured post-seed command as it is to be run, with sudo where that is configured; nil when there
// is none.
func (h *Host) PostSeedVector() []string {
	if len(h.o.PostSeedCommand) == 0 {
		return nil
	}
	return h.o.Sudo.vector(h.o.PostSeedCommand)
}
