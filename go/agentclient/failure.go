package agentclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// What our agents put into ErrorCode, besides the sentences that v2 agents say.
const (
	codeUnknownSeed  = "unknown-seed"
	codeStillRunning = "still-running"
)

// unknownSeed matches every way in which agents say that they do not know a seed, or that stage of it.
var unknownSeed = regexp.MustCompile(`SeedID( \d+)?( on stage \S+)? not found`)

// noAnswer is agent.ErrUnreachable with the reason behind it, so that a caller can still tell a cancelled call.
type noAnswer struct{ cause error }

func (n *noAnswer) Error() string        { return agent.ErrUnreachable.Error() }
func (n *noAnswer) Is(target error) bool { return target == agent.ErrUnreachable }
func (n *noAnswer) Unwrap() error        { return n.cause }

// noAnswer is the error for an agent that said nothing that counts.
func (r request) noAnswer(text string, cause error) *agent.OpError {
	var u *url.Error
	for errors.As(cause, &u) {
		cause = u.Err
	}
	return &agent.OpError{
		Code: agent.CodeAgentUnreachable, Op: r.op, Host: r.host.Info.Hostname, Stage: r.stage,
		Text: r.redact(text), Err: &noAnswer{cause},
		Hint: fmt.Sprintf("see that orchestrator-agent runs on %s and that this service can reach its port %d",
			r.host.Info.Hostname, r.host.Info.Port),
	}
}

// notPromised is the error for an answer that is not what the path promises.
func (r request) notPromised(body []byte, want string) *agent.OpError {
	e := r.noAnswer(fmt.Sprintf("%s answered %s instead of %s", r.path[0], r.seen(body), want), nil)
	e.Hint = fmt.Sprintf("see that port %d of %s is an orchestrator-agent", r.host.Info.Port, r.host.Info.Hostname)
	return e
}

// refusal turns an answer that is not 2xx into an error.
func (r request) refusal(a answer) *agent.OpError {
	var said agentapi.APIResponse
	if json.Unmarshal(a.body, &said) != nil || said.Code == "" || said.Message == "" {
		return r.noAnswer(fmt.Sprintf("%s answered %d %s: %s", r.path[0], a.status, http.StatusText(a.status), r.seen(a.body)), nil)
	}
	return r.said(said)
}

// said is the error for an agent that answers, in its own words, that it won't or can't.
func (r request) said(said agentapi.APIResponse) *agent.OpError {
	e := &agent.OpError{
		Code: said.ErrorCode, Op: r.op, Host: r.host.Info.Hostname, Stage: r.stage,
		Text: clip(r.redact(said.Message), 4096), Hint: clip(r.redact(said.Hint), 1024), Permanent: said.Permanent,
	}
	switch {
	case said.ErrorCode == codeUnknownSeed || unknownSeed.MatchString(said.Message):
		e.Code, e.Err = agent.CodeAgentForgot, agent.ErrUnknownSeed
	case said.ErrorCode == codeStillRunning:
		e.Err = agent.ErrStillRunning
	case e.Code == "":
		e.Code = agent.CodeAgentRefused
	}
	if e.Hint == "" && said.Message == "Invalid token" {
		e.Hint = "the agent was restarted with a new token: it registers again by itself, or restart it"
	}
	return e
}

// redact takes the token and other secrets out of a text, as they are and as they stand in URLs.
func (r request) redact(text string) string {
	for _, s := range append([]string{r.host.Info.Token}, r.secrets...) {
		if s == "" {
			continue
		}
		text = strings.ReplaceAll(text, s, "[hidden]")
		text = strings.ReplaceAll(text, url.QueryEscape(s), "[hidden]")
	}
	return text
}

// seen shows the beginning of a body on one line. Secrets are taken out before it is cut, so that no part of one is left.
func (r request) seen(body []byte) string {
	if len(body) > 4096 {
		body = body[:4096]
	}
	text := strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) {
			return ' '
		}
		if !unicode.IsPrint(c) {
			return '.'
		}
		return c
	}, r.redact(string(body)))
	text = strings.Join(strings.Fields(text), " ")
	if text == "" {
		return "nothing"
	}
	return fmt.Sprintf("%q", clip(text, 160))
}

// clip bounds a text to n bytes and keeps whole characters.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "") + "..."
}
