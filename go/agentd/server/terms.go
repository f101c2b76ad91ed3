package server

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/runner"
)

const (
	longestTerms = 8 << 10 // bytes of the header
	longestHost  = 255
	secretBytes  = 32
)

// seedTerms reads what our service says of a seed besides; nil when it says nothing. No error quotes the header, which holds
// the stream's secret.
func seedTerms(r *http.Request) (*agentapi.SeedTerms, error) {
	values := r.Header.Values(agentapi.HeaderSeedTerms)
	if len(values) == 0 {
		return nil, nil
	}
	if len(values) > 1 {
		return nil, fmt.Errorf("header %s is there %d times", agentapi.HeaderSeedTerms, len(values))
	}
	t, err := parseTerms(values[0])
	if err != nil {
		return nil, fmt.Errorf("header %s: %w", agentapi.HeaderSeedTerms, err)
	}
	return t, nil
}

func parseTerms(text string) (*agentapi.SeedTerms, error) {
	if len(text) > longestTerms {
		return nil, fmt.Errorf("is longer than %d bytes", longestTerms)
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || !bytes.HasPrefix(b, []byte("{")) {
		return nil, errors.New("is not JSON in base64")
	}
	var t agentapi.SeedTerms
	if json.Unmarshal(b, &t) != nil { // its text could quote the secret
		return nil, errors.New("is not JSON in base64")
	}
	secret, err := hex.DecodeString(t.Secret)
	switch {
	case err != nil || t.Secret != "" && len(secret) != secretBytes:
		return nil, fmt.Errorf("the secret is not %d hex digits", 2*secretBytes)
	case len(t.PeerHost) > longestHost:
		return nil, errors.New("PeerHost is too long")
	case !isPort(t.DataPort) || !isPort(t.SourceMySQLPort):
		return nil, errors.New("a port is not from 1 to 65535")
	case t.SourceBytes < 0 || t.Bandwidth != nil && *t.Bandwidth < 0:
		return nil, errors.New("a number of bytes is below 0")
	}
	return &t, nil
}

// isPort: 0 is none.
func isPort(n int) bool { return n >= 0 && n <= 65535 }

// bandwidth bounds what a seed sends from now on.
func (s *Server) bandwidth(r *http.Request) (any, error) {
	id, err := seedID(r)
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseInt(r.PathValue("bytesPerSecond"), 10, 64)
	if err != nil || n < 0 {
		return nil, fmt.Errorf("bandwidth %q is not a number of bytes a second", r.PathValue("bytesPerSecond"))
	}
	if err := s.o.Runner.SetBandwidth(id, n); err != nil {
		if errors.Is(err, runner.ErrUnknownSeed) {
			err = &wordy{fmt.Sprintf("SeedID %d not found", id), err}
		}
		return nil, err
	}
	if n == 0 {
		return agentapi.APIResponse{Code: "OK", Message: fmt.Sprintf("seed %d has no bound", id)}, nil
	}
	return agentapi.APIResponse{Code: "OK", Message: fmt.Sprintf("seed %d is bound to %d bytes a second", id, n)}, nil
}
