package sandbox

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestClientsOfAKindReachItsServer(t *testing.T) {
	eachKind(t, func(t *testing.T, kind Kind) {
		s := StartT(t, Options{Kind: kind, Passwords: AwkwardPasswords()})
		bin, err := Bin(kind)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "client.cnf")
		text := "[client]\nhost=" + s.Host + "\nprotocol=tcp\nuser=" + s.AgentUser + "\npassword=\"" +
			strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s.Passwords.Agent) + "\"\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		port := "--port=" + strings.TrimPrefix(s.Address(), s.Host+":")
		for _, argv := range [][]string{
			{"mysql", "--defaults-extra-file=" + file, port, "--execute=SELECT CURRENT_USER()"},
			{"mysqladmin", "--defaults-file=" + file, port, "status"},
			{"mysqldump", "--defaults-file=" + file, port, "--no-tablespaces", "mysql", "help_topic"},
		} {
			out, err := exec.Command(filepath.Join(bin, argv[0]), argv[1:]...).CombinedOutput()
			if err != nil {
				t.Errorf("%s: %v\n%s", argv[0], err, tail(string(out), 40))
			}
		}
	})
}
