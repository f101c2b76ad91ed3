package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

// changeLines shows a seed as one line a change, for logs. Progress is a change every ten percent.
type changeLines struct {
	session *session
	last    string // what the last line was about
	away    bool
}

func (c *changeLines) update(_ context.Context, u client.SeedUpdate) {
	s := u.Seed
	if c.away {
		c.away = false
		c.line("the service answers again")
	}
	var away []string
	for _, h := range s.Hosts {
		if !h.UnreachableSince.IsZero() {
			away = append(away, h.Hostname)
		}
	}
	about := fmt.Sprint(s.Stage, s.Status, s.Retries, s.ErrorText, away, percent(s.Progress.Bytes, s.Progress.Total)/10)
	if about == c.last || !client.Live(s) { // the end is the summary's
		return
	}
	c.last = about
	c.line(c.words(s))
}

func (c *changeLines) words(s seedapi.Seed) string {
	now := c.session.Now()
	parts := []string{fmt.Sprintf("%s %d/%d %s", s.Stage, stageNumber(s.Stage), len(agentapi.Stages), s.Status)}
	if s.Status == agentapi.Error {
		parts = append(parts, s.ErrorText, retryWords(s, now))
	} else {
		parts = append(parts, unreachableWords(s, now)...)
		parts = append(parts, progressWords(s))
	}
	var full []string
	for _, p := range parts {
		if p != "" {
			full = append(full, p)
		}
	}
	return strings.Join(full, ", ")
}

func (c *changeLines) lost(err error) {
	if !c.away {
		c.away = true
		c.line(err.Error() + "; watching goes on")
	}
}

func (c *changeLines) line(text string) {
	c.session.say("%s  %s", c.session.Now().In(c.session.Location).Format("15:04:05"), text)
}

func (*changeLines) tick()  {}
func (*changeLines) close() {}
