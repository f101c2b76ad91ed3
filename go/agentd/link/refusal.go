package link

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// refusal is an answer that is not the promised one.
type refusal struct {
	status int
	text   string
	spoken bool // the body was the API's own error, not some page
}

func (r *refusal) Error() string { return fmt.Sprintf("answered %d: %s", r.status, r.text) }

// unknownAgent: the service speaks, and does not know this agent's name or token.
func (r *refusal) unknownAgent() bool {
	return r.spoken && (r.status == http.StatusUnauthorized || r.status == http.StatusForbidden || r.status == http.StatusNotFound)
}

func refusalOf(status int, body []byte) *refusal {
	var api agentapi.APIResponse
	if json.Unmarshal(body, &api) == nil && api.Code != "" {
		return &refusal{status, api.Message, true}
	}
	const most = 200
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(body[:min(len(body), most)]), "?")), " ")
	return &refusal{status, text, false}
}
