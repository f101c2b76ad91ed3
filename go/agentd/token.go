package agentd

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/journal"
)

var tokenText = regexp.MustCompile(`^[0-9a-f]{64}$`)

// loadToken reads the agent's token from the state directory, or makes one at the first start. hint is a second file that
// is to hold it, "" for none.
func loadToken(stateDir, hint string) (string, error) {
	path := filepath.Join(stateDir, "token")
	b, err := os.ReadFile(path)
	token := strings.TrimSpace(string(b))
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && !tokenText.MatchString(token):
		raw := make([]byte, 32)
		rand.Read(raw) // never fails
		token = hex.EncodeToString(raw)
		if err := journal.WriteFile(path, []byte(token+"\n")); err != nil {
			return "", fmt.Errorf("keep the agent's token: %w", err)
		}
	case err != nil:
		return "", fmt.Errorf("read the agent's token: %w", err)
	}
	if hint != "" {
		if err := journal.WriteFile(hint, []byte(token)); err != nil {
			return "", fmt.Errorf("write token-hint-file: %w", err)
		}
	}
	return token, nil
}
