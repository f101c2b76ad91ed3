package agentclient

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

// MySQLStart starts MySQL on the agent's host.
func (c *Client) MySQLStart(ctx context.Context, h *agent.Host) error {
	return c.do(ctx, request{host: h, op: "start MySQL", path: []string{"mysql-start"}})
}

// MySQLStop stops MySQL on the agent's host.
func (c *Client) MySQLStop(ctx context.Context, h *agent.Host) error {
	return c.do(ctx, request{host: h, op: "stop MySQL", path: []string{"mysql-stop"}})
}

// MountLV mounts a logical volume; "" leaves the choice to the agent.
func (c *Client) MountLV(ctx context.Context, h *agent.Host, lv string) error {
	return c.do(ctx, request{host: h, op: "mount a logical volume", path: []string{"mountlv"}, query: url.Values{"lv": {lv}}})
}

// Unmount unmounts the agent's mount point.
func (c *Client) Unmount(ctx context.Context, h *agent.Host) error {
	return c.do(ctx, request{host: h, op: "unmount", path: []string{"umount"}})
}

// RemoveLV removes a logical volume.
func (c *Client) RemoveLV(ctx context.Context, h *agent.Host, lv string) error {
	return c.do(ctx, request{host: h, op: "remove a logical volume", path: []string{"removelv"}, query: url.Values{"lv": {lv}}})
}

// CreateSnapshot runs the agent's create-snapshot-command.
func (c *Client) CreateSnapshot(ctx context.Context, h *agent.Host) error {
	return c.do(ctx, request{host: h, op: "create a snapshot", path: []string{"create-snapshot"}})
}

func (c *Client) do(ctx context.Context, r request) error {
	ctx, cancel := c.deadline(ctx)
	defer cancel()
	r.once = true
	body, err := c.ok(ctx, r)
	if err != nil {
		return err
	}
	return r.done(body)
}

// CustomCommand runs one of the agent's custom commands and returns what it printed.
func (c *Client) CustomCommand(ctx context.Context, h *agent.Host, command string) (string, error) {
	ctx, cancel := c.deadline(ctx)
	defer cancel()
	r := request{host: h, op: "run custom command " + command, path: []string{"custom-commands", command}, once: true}
	body, err := c.ok(ctx, r)
	if err != nil {
		return "", err
	}
	return r.message(body)
}

// MySQLErrorLog returns the end of MySQL's error log. Agents send it as a JSON string or as plain text.
func (c *Client) MySQLErrorLog(ctx context.Context, h *agent.Host) (string, error) {
	ctx, cancel := c.deadline(ctx)
	defer cancel()
	r := request{host: h, op: "read MySQL's error log", path: []string{"mysql-error-log-tail"}}
	body, err := c.ok(ctx, r)
	if err != nil {
		return "", err
	}
	var text string
	if json.Unmarshal(body, &text) == nil {
		return text, nil
	}
	plain := strings.TrimSpace(string(body))
	if !utf8.ValidString(plain) || strings.HasPrefix(plain, "<") || strings.HasPrefix(plain, "{") || strings.HasPrefix(plain, `"`) {
		return "", r.notPromised(body, "a text")
	}
	return plain, nil
}
