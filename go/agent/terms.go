package agent

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// StreamKey is 32 random bytes. It is stored with the seed and shown nowhere: every way to print it hides it.
type StreamKey []byte

// String hides the key.
func (StreamKey) String() string { return "[hidden]" }

// GoString hides the key.
func (StreamKey) GoString() string { return "[hidden]" }

// Format hides the key from every verb of fmt.
func (StreamKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[hidden]") }

func newStreamKey() StreamKey {
	key := make(StreamKey, 32)
	rand.Read(key) // never fails
	return key
}

// streamSecret is the secret of the stream that the seed's newest Prepare opens: 64 hex digits, the same after any restart
// of the service; "" for a seed without a key.
func streamSecret(s *Seed) string {
	if len(s.Engine.StreamKey) == 0 || s.Engine.PrepareAttempt == 0 {
		return ""
	}
	mac := hmac.New(sha256.New, s.Engine.StreamKey)
	fmt.Fprintf(mac, "stream|%d|%d", s.ID, s.Engine.PrepareAttempt)
	return hex.EncodeToString(mac.Sum(nil))
}

// streams says whether the agent takes SeedTerms and both ends of our stream.
func streams(h *Host) bool { return h != nil && h.Data != nil && h.Data.Has(agentapi.AbilityStream) }

// termsFor is what the agent on that side is told when Prepare or Backup is started. Both hosts are known.
func termsFor(s *Seed, known hosts, side Side) agentapi.SeedTerms {
	target, source := known[agentapi.Target], known[agentapi.Source]
	t := agentapi.SeedTerms{
		PeerHost: s.SourceHost, SourceMySQLPort: source.Info.MySQLPort, SourceBytes: s.Engine.SourceBytes, Bandwidth: s.Engine.Bandwidth,
	}
	if side == agentapi.Source {
		t.PeerHost = s.TargetHost
	}
	if target != nil && target.Data != nil {
		t.DataPort = target.Data.SeedPort
	}
	if source.Data != nil && source.Data.MySQLDatadirDiskUsed > 0 {
		t.SourceBytes = source.Data.MySQLDatadirDiskUsed
	}
	if streams(target) && streams(source) {
		t.Secret = streamSecret(s)
	}
	return t
}
