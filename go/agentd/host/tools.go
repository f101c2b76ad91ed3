package host

import (
	"context"
	"os/exec"
	"strings"
	"time"
)

// findTools asks each tool that is there for its version: the first line it prints.
func (h *Host) findTools(ctx context.Context) (map[string]string, error) {
	found := map[string]string{}
	for _, name := range h.o.Tools {
		if _, err := exec.LookPath(name); err != nil {
			continue
		}
		out, errOut, err := Sudo{}.runBoth(ctx, 5*time.Second, []string{name, "--version"})
		if out = strings.TrimSpace(out); out == "" {
			out = strings.TrimSpace(errOut) // mariabackup
		}
		if err != nil && out == "" {
			h.log.Warn("tool does not tell its version", "tool", name, "error", err)
			continue
		}
		first, _, _ := strings.Cut(out, "\n")
		found[name] = first
	}
	return found, nil
}
