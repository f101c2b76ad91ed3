package cli

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

func TestTheLiveLineSaysWhereASeedIsInAnyWidth(t *testing.T) {
	copying := seed(agentapi.Backup, agentapi.Running)
	copying.Progress = seedapi.Progress{Bytes: 3 << 30, Total: 10 << 30, BytesPerSecond: 40 << 20, ETASeconds: 179, What: "dumping shop.orders"}
	unknown := copying
	unknown.Progress.Total, unknown.Progress.ETASeconds = 0, -1
	failed := copying
	failed.Status, failed.NotBefore, failed.ErrorText = agentapi.Error, noon.Add(58*time.Second), "disk full"
	away := copying
	away.Hosts = []seedapi.SeedHost{{Hostname: "db1", UnreachableSince: noon.Add(-70 * time.Second)}}
	var b strings.Builder
	for _, c := range []struct {
		name string
		line liveLine
	}{
		{"nothing yet", liveLine{}},
		{"copying", liveLine{seed: &copying}},
		{"total unknown", liveLine{seed: &unknown}},
		{"waits for a retry", liveLine{seed: &failed}},
		{"an agent is away", liveLine{seed: &away}},
		{"the service is away", liveLine{seed: &copying, away: noon.Add(-12 * time.Second)}},
	} {
		fmt.Fprintf(&b, "# %s\n", c.name)
		for _, width := range []int{140, 99, 79, 60, 20} {
			text := c.line.text(noon, width)
			if n := utf8.RuneCountInString(text); n > width {
				t.Errorf("%s: %d columns in a terminal of %d", c.name, n, width)
			}
			fmt.Fprintf(&b, "%3d|%s\n", width, text)
		}
	}
	golden(t, "liveline.txt", b.String())
}

// terminal is what stands on the lines of a terminal after it was written to.
func terminal(text string) []string {
	lines, col := [][]rune{nil}, 0
	for len(text) > 0 {
		if rest, ok := strings.CutPrefix(text, "\x1b["); ok {
			end := strings.IndexFunc(rest, func(r rune) bool { return r >= '@' && r <= '~' })
			if rest[end] == 'K' {
				last := len(lines) - 1
				lines[last] = lines[last][:min(col, len(lines[last]))]
			}
			text = rest[end+1:]
			continue
		}
		r, n := utf8.DecodeRuneInString(text)
		text = text[n:]
		last := len(lines) - 1
		switch {
		case r == '\r':
			col = 0
		case r == '\n':
			lines, col = append(lines, nil), 0
		case col < len(lines[last]):
			lines[last][col] = r
			col++
		default:
			lines[last] = append(lines[last], r)
			col++
		}
	}
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = string(l)
	}
	return out
}

func TestOnATerminalOneLineIsWrittenOverAndOnlyErrorsStay(t *testing.T) {
	w := newWorld(t, 100)
	running := seed(agentapi.Backup, agentapi.Running)
	running.Progress = seedapi.Progress{Bytes: 1 << 30, Total: 4 << 30, BytesPerSecond: 100 << 20, ETASeconds: 30}
	w.move(t, running)
	ended := w.start("wait", "7", "--poll", "10ms")
	w.err.await(w.ctx, t, "25%")
	running.Progress.Bytes = 2 << 30
	w.move(t, running)
	w.err.await(w.ctx, t, "50%")
	failed := running
	failed.Status, failed.ErrorText, failed.NotBefore = agentapi.Error, "connection to db1 lost", noon.Add(58*time.Second)
	w.move(t, failed)
	w.err.await(w.ctx, t, "next try in 58s")
	w.move(t, seed(agentapi.Prepare, agentapi.Scheduled))
	w.err.await(w.ctx, t, "Prepare 1/5")
	live := terminal(w.err.String())
	if len(live) != 2 || live[0] != "Backup, try 1: connection to db1 lost" || !strings.HasPrefix(live[1], "#7 Prepare 1/5 Scheduled") {
		t.Errorf("the terminal shows %q", live)
	}
	if !strings.Contains(w.err.String(), "\x1b[36mRunning\x1b[0m") {
		t.Error("the status has no colour")
	}
	w.move(t, seed(agentapi.Cleanup, agentapi.Completed))
	w.ends(t, ended, ExitOK)
	if end := terminal(w.err.String()); len(end) != 2 || end[1] != "" {
		t.Errorf("the line is left behind: %q", end)
	}
}

func TestTheLiveLineCountsHowLongTheServiceIsAway(t *testing.T) {
	now := noon
	out := newScreen(80)
	l := &liveLine{session: &session{globals: &globals{}, Options: Options{
		Stderr: out, Now: func() time.Time { return now }, Terminal: func(any) (int, bool) { return 80, true },
	}}}
	l.update(t.Context(), client.SeedUpdate{Seed: seed(agentapi.Backup, agentapi.Running)})
	l.lost(errors.New("connection refused"))
	now = now.Add(12 * time.Second)
	l.tick()
	if got := terminal(out.String()); got[0] != "#7 Backup 2/5 Running  the service does not answer for 12s" {
		t.Errorf("the terminal shows %q", got)
	}
}
