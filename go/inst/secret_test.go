package inst

import (
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// A server repeats a part of a statement that it does not understand, which may be the password.
func TestErrorsOfServersNeverShowThePassword(t *testing.T) {
	for _, kind := range sandbox.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			s := sandbox.StartT(t, sandbox.Options{Kind: kind})
			topology := New(Options{User: sandbox.TopologyUser, Password: s.Passwords.Topology})
			c, err := topology.open(t.Context(), "test", Address{Host: s.Host, Port: s.Port})
			if err != nil {
				t.Fatal(err)
			}
			defer c.close()
			if err := c.exec(t.Context(), sessionMode); err != nil {
				t.Fatal(err)
			}
			for _, statement := range []string{"CHANGE NONSENSE 'sec''ret' TO", "CHANGE NONSENSE sec'ret", "SET GLOBAL server_id = 'sec''ret'", "SELECT `sec'ret`"} {
				err := c.execSecret(t.Context(), statement, "sec'ret")
				if err == nil || strings.Contains(err.Error(), "ret") {
					t.Errorf("%s: %v", statement, err)
				}
			}
			for _, value := range awkward {
				row, err := c.firstRow(t.Context(), "SELECT "+quote(value))
				if err != nil || row[0] != value {
					t.Errorf("%q came back as %q, %v", value, row, err)
				}
			}
		})
	}
}
