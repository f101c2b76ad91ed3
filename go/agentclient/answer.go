package agentclient

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// object decodes a JSON object that has all of the named keys; ok is false for anything else.
func object(body []byte, into any, keys ...string) (ok bool) {
	var present map[string]json.RawMessage
	if json.Unmarshal(body, &present) != nil {
		return false
	}
	for _, k := range keys {
		if _, has := present[k]; !has {
			return false
		}
	}
	return json.Unmarshal(body, into) == nil
}

// accepted checks the text with which an agent takes a start. A v2 agent that has started the stage before says so and
// "Started" in one word.
func (r request) accepted(body []byte) error {
	text := strings.Trim(strings.TrimSpace(string(body)), `"`)
	if len(text) < 200 && !strings.ContainsAny(text, "<{") &&
		(strings.HasSuffix(text, "Started") || strings.Contains(text, "already started")) {
		return nil
	}
	return r.notPromised(body, "Started")
}

// stageState checks that the answer is about what was asked.
func (r request) stageState(body []byte, s *agent.Seed, stage agent.Stage) (*agentapi.SeedStageState, error) {
	var st agentapi.SeedStageState
	if !object(body, &st, "SeedID", "Stage", "Status") {
		return nil, r.notPromised(body, "the state of a stage")
	}
	switch {
	case st.SeedID != s.ID:
		return nil, r.notPromised(body, fmt.Sprintf("the state of seed %d", s.ID))
	case st.Stage != stage:
		return nil, r.notPromised(body, fmt.Sprintf("the state of stage %s", stage))
	case st.Status != agentapi.Running && st.Status != agentapi.Completed && st.Status != agentapi.Error:
		return nil, r.notPromised(body, "a status Running, Completed or Error")
	case st.Progress != nil && (st.Progress.Bytes < 0 || st.Progress.Total < 0):
		return nil, r.notPromised(body, "a progress that is not negative")
	}
	return &st, nil
}

// done accepts the answers by which agents say that something was done: true, an agent's OK, or the mount as it is now.
func (r request) done(body []byte) error {
	if bytes.Equal(bytes.TrimSpace(body), []byte("true")) {
		return nil
	}
	var mount agentapi.Mount
	if object(body, &mount, "Path", "IsMounted") {
		return nil
	}
	_, err := r.message(body)
	return err
}

// message is the text of an agent's OK; true stands for an OK without one.
func (r request) message(body []byte) (string, error) {
	if bytes.Equal(bytes.TrimSpace(body), []byte("true")) {
		return "", nil
	}
	said, err := r.okResponse(body)
	return said.Message, err
}

// okResponse is an APIResponse that says OK; one that says ERROR with status 200 is the agent's refusal.
func (r request) okResponse(body []byte) (agentapi.APIResponse, error) {
	var said agentapi.APIResponse
	if !object(body, &said, "Code") || (said.Code != "OK" && said.Code != "ERROR") {
		return said, r.notPromised(body, "OK")
	}
	if said.Code == "ERROR" {
		return said, r.said(said)
	}
	return said, nil
}

// details decodes the Details of an agent's OK.
func (r request) details(body []byte, into any, keys ...string) error {
	if _, err := r.okResponse(body); err != nil {
		return err
	}
	var raw struct{ Details json.RawMessage }
	if json.Unmarshal(body, &raw) != nil || !object(raw.Details, into, keys...) {
		return r.notPromised(body, "an answer with "+strings.Join(keys, " and "))
	}
	return nil
}
