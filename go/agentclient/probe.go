package agentclient

import (
	"context"
	"net/url"
	"strconv"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// probeSeconds is how long the target listens for the source's probe.
const probeSeconds = 10

// ProbeMySQL asks the agent whether its host can log in there.
func (c *Client) ProbeMySQL(ctx context.Context, h *agent.Host, p agentapi.ProbeMySQL) (agentapi.ProbeResult, error) {
	ctx, cancel := c.deadline(ctx)
	defer cancel()
	r := request{host: h, op: "try to log in to MySQL", path: []string{"probe-mysql"}, body: p, secrets: []string{p.Password}}
	return c.probe(ctx, r)
}

// ProbeDataPort has the target listen on its data port and the source connect to it.
func (c *Client) ProbeDataPort(ctx context.Context, target, source *agent.Host) (agentapi.ProbeResult, error) {
	ctx, cancel := c.deadline(ctx)
	defer cancel()
	listen := request{host: target, op: "open the data port", path: []string{"probe-listen"},
		query: url.Values{"seconds": {strconv.Itoa(probeSeconds)}}}
	connect := request{host: source, op: "connect to the data port"}
	for _, r := range []request{listen, connect} {
		if err := r.canProbe(); err != nil {
			return agentapi.ProbeResult{}, err
		}
	}
	body, err := c.ok(ctx, listen)
	if err != nil {
		return agentapi.ProbeResult{}, err
	}
	var open struct {
		Nonce string `json:"nonce"`
		Port  int    `json:"port"`
	}
	if err := listen.details(body, &open, "nonce", "port"); err != nil {
		return agentapi.ProbeResult{}, err
	}
	if open.Nonce == "" || open.Port < 1 || open.Port > 65535 {
		return agentapi.ProbeResult{}, listen.notPromised(body, "an open port")
	}
	connect.path = []string{"probe-connect", target.Info.Hostname, strconv.Itoa(open.Port)}
	connect.query = url.Values{"nonce": {open.Nonce}}
	return c.probe(ctx, connect)
}

func (c *Client) probe(ctx context.Context, r request) (agentapi.ProbeResult, error) {
	var result agentapi.ProbeResult
	if err := r.canProbe(); err != nil {
		return result, err
	}
	body, err := c.ok(ctx, r)
	if err != nil {
		return result, err
	}
	if err := r.details(body, &result, "OK"); err != nil {
		return agentapi.ProbeResult{}, err
	}
	result.Error, result.Found = clip(r.redact(result.Error), 2048), clip(result.Found, 256)
	return result, nil
}

// canProbe is the error for an agent that has no probes.
func (r request) canProbe() error {
	if able(r.host, agentapi.AbilityProbe) {
		return nil
	}
	return &agent.OpError{Code: agent.CodeAgentRefused, Op: r.op, Host: r.host.Info.Hostname, Permanent: true,
		Text: "this agent can't be asked to try it", Hint: "install this project's orchestrator-agent there to have it tested"}
}
