package host

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const (
	errorLogLines = 100
	errorLogBytes = 256 << 10
)

// ErrorLogTail is the end of MySQL's error log: the last 100 lines, at most 256 KiB. The log's path is known from the
// running server, or from when it last ran under this agent.
func (h *Host) ErrorLogTail(ctx context.Context) (string, error) {
	facts, err := h.facts.get(h.life, ctx)
	path, dir := facts.errorLog, facts.datadir
	switch {
	case path == "" && facts.datadir == "" && err != nil:
		return "", fmt.Errorf("read error log: its path is not known: %w", err)
	case path == "" || path == "stderr":
		return "", fmt.Errorf("read error log: the server writes it to its standard error output, not to a file")
	case !filepath.IsAbs(path):
		path = filepath.Join(dir, path)
	}
	return tailOf(path, errorLogLines, errorLogBytes)
}

// LogTail is the last lines of a log file, at most 64 KiB.
func LogTail(path string, lines int) (string, error) { return tailOf(path, lines, 64<<10) }

func tailOf(path string, lines int, most int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read error log: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("read error log: %w", err)
	}
	if !st.Mode().IsRegular() {
		return "", fmt.Errorf("read error log: %s is not a regular file", path)
	}
	b, err := io.ReadAll(io.NewSectionReader(f, max(0, st.Size()-most), most))
	if err != nil {
		return "", fmt.Errorf("read error log: %w", err)
	}
	all := strings.SplitAfter(strings.ToValidUTF8(string(b), "?"), "\n")
	if all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return strings.Join(all[max(0, len(all)-lines):], ""), nil
}
