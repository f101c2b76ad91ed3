package cli

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

// Widths of the bar in columns, without its ends.
const (
	widestBar    = 30
	narrowestBar = 6
)

// liveLine shows a seed in one line of a terminal, again and again in the same place. Errors stay on lines of their own.
type liveLine struct {
	session *session
	columns int // when the terminal does not say any more
	seed    *seedapi.Seed
	away    time.Time // since when the service has been away; zero when it answers
	shown   bool      // the line is on the terminal
	noted   string    // the error that was shown last
}

func (l *liveLine) update(_ context.Context, u client.SeedUpdate) {
	seed := u.Seed
	l.seed, l.away = &seed, time.Time{}
	if seed.Status == agentapi.Error {
		note := fmt.Sprintf("%s, try %d: %s", seed.Stage, seed.Retries+1, seed.ErrorText)
		if note != l.noted && seed.ErrorText != "" {
			l.noted = note
			l.erase()
			p := l.session.page(l.session.Stderr)
			p.line(yellow, note)
			l.write(p.b.String())
		}
	}
	l.draw()
}

func (l *liveLine) lost(error) {
	if l.away.IsZero() {
		l.away = l.session.Now()
	}
	l.draw()
}

func (l *liveLine) tick() { l.draw() }

// close leaves nothing of the line.
func (l *liveLine) close() { l.erase() }

func (l *liveLine) draw() {
	if c, ok := l.session.Terminal(l.session.Stderr); ok {
		l.columns = c
	}
	// One column is left free: a line that fills the last one makes some terminals scroll.
	text := l.text(l.session.Now(), l.columns-1)
	l.write("\r" + l.dress(text) + "\x1b[K")
	l.shown = true
}

func (l *liveLine) erase() {
	if l.shown {
		l.write("\r\x1b[K")
		l.shown = false
	}
}

// write does not report errors: a terminal that went away is no reason to stop watching.
func (l *liveLine) write(s string) { _, _ = fmt.Fprint(l.session.Stderr, s) }

// dress gives the status its colour.
func (l *liveLine) dress(text string) string {
	if l.seed == nil || !l.session.colors(l.session.Stderr) {
		return text
	}
	word := string(l.seed.Status)
	return strings.Replace(text, word, paint(true, wordStyles[word], word), 1)
}

// text is the line at that time, at most width columns wide.
func (l *liveLine) text(now time.Time, width int) string {
	var parts []string
	switch {
	case l.seed == nil && l.away.IsZero():
		parts = []string{"looking for the seed"}
	case l.seed == nil:
		parts = []string{"the service does not answer for " + formatDuration(now.Sub(l.away))}
	default:
		parts = l.seedParts(now)
	}
	line := plain(strings.Join(parts, "  "))
	if l.seed != nil && l.away.IsZero() && l.seed.Status == agentapi.Running {
		line = l.withBar(line, plain(parts[0]), width)
		if what := l.seed.Progress.What; what != "" {
			line += "  " + plain(what)
		}
	}
	if r := []rune(line); len(r) > max(width, 1) {
		line = string(r[:max(width, 1)])
	}
	return line
}

// withBar puts a bar behind the head of the line where there is room for it.
func (l *liveLine) withBar(line, head string, width int) string {
	p := l.seed.Progress
	n := min(width-utf8.RuneCountInString(line)-len("  []"), widestBar)
	if p.Total <= 0 || n < narrowestBar {
		return line
	}
	return head + "  [" + bar(p.Bytes, p.Total, n) + "]" + strings.TrimPrefix(line, head)
}

func (l *liveLine) seedParts(now time.Time) []string {
	s := l.seed
	head := fmt.Sprintf("#%d %s %d/%d %s", s.SeedID, s.Stage, stageNumber(s.Stage), len(agentapi.Stages), s.Status)
	parts := []string{head}
	if !l.away.IsZero() {
		return append(parts, "the service does not answer for "+formatDuration(now.Sub(l.away)))
	}
	if s.Status == agentapi.Error {
		return append(parts, retryWords(*s, now))
	}
	parts = append(parts, unreachableWords(*s, now)...)
	for _, w := range []string{shareWords(s.Progress), rateWords(s.Progress), etaWords(s.Progress), wholeWords(s.Estimate)} {
		if w != "" {
			parts = append(parts, w)
		}
	}
	return parts
}

func shareWords(p seedapi.Progress) string {
	if !countsBytes(p) {
		return amountWords(p)
	}
	return formatShare(p.Bytes, p.Total)
}

// wholeWords are the time left of all stages.
func wholeWords(e *seedapi.Estimate) string {
	if e == nil {
		return ""
	}
	return "about " + formatSeconds(e.SecondsLeft) + " in all"
}

// retryWords say when a failed stage is tried again.
func retryWords(s seedapi.Seed, now time.Time) string {
	if s.NotBefore.After(now) {
		return fmt.Sprintf("next try in %s", formatDuration(s.NotBefore.Sub(now)))
	}
	return "next try now"
}

// unreachableWords say which agents do not answer.
func unreachableWords(s seedapi.Seed, now time.Time) []string {
	var out []string
	for _, h := range s.Hosts {
		if !h.UnreachableSince.IsZero() {
			out = append(out, fmt.Sprintf("%s does not answer for %s", h.Hostname, formatDuration(now.Sub(h.UnreachableSince))))
		}
	}
	return out
}

// bar is n columns wide.
func bar(done, total int64, n int) string {
	full := percent(done, total) * n / 100
	if full >= n {
		return strings.Repeat("=", n)
	}
	return strings.Repeat("=", full) + ">" + strings.Repeat(" ", n-full-1)
}
