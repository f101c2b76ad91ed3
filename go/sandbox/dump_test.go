package sandbox

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func clientFile(t *testing.T, s *Server) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "client.cnf")
	password := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s.Passwords.Agent)
	text := fmt.Sprintf("[client]\nhost=%s\nport=%d\nprotocol=tcp\nuser=%s\npassword=\"%s\"\ndefault-character-set=utf8mb4\n",
		s.Host, s.Port, s.AgentUser, password)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// The data must be such that the servers' own tools carry it over in full; accounts are no part of such a dump.
func TestDumpAndLoadWithTheServersOwnToolsCarriesAllObjectsAndRows(t *testing.T) {
	for _, kind := range []Kind{MariaDB, MySQL97} { // MySQL56 has no dump program
		t.Run(string(kind), func(t *testing.T) {
			ctx := context.Background()
			source := StartT(t, Options{Kind: kind, Passwords: AwkwardPasswords()})
			target := StartT(t, Options{Kind: kind, Passwords: AwkwardPasswords()})
			a, b := source.Open(""), target.Open("")
			if err := Fill(ctx, a, FillOptions{Bytes: 4 << 20}); err != nil {
				t.Fatal(err)
			}
			schemas, err := lines(ctx, a, "SELECT schema_name FROM information_schema.schemata WHERE schema_name"+notOurs)
			if err != nil {
				t.Fatal(err)
			}
			bin, err := Bin(kind)
			if err != nil {
				t.Fatal(err)
			}
			options := []string{"--defaults-file=" + clientFile(t, source), "--single-transaction", "--routines", "--events", "--hex-blob",
				"--skip-add-locks", // a locked table whose default is a sequence's next value can't be loaded
				"--databases"}
			if kind == MySQL97 {
				options = append([]string{options[0], "--set-gtid-purged=OFF"}, options[1:]...)
			}
			var dump, complaints bytes.Buffer
			cmd := exec.Command(filepath.Join(bin, "mysqldump"), append(options, schemas...)...)
			cmd.Stdout, cmd.Stderr = &dump, &complaints
			if err := cmd.Run(); err != nil {
				t.Fatalf("dump: %v: %s", err, &complaints)
			}
			cmd = exec.Command(filepath.Join(bin, "mysql"), "--defaults-file="+clientFile(t, target), "--comments", "--binary-mode")
			cmd.Stdin = &dump
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("load: %v: %s", err, out)
			}
			differences, err := Compare(ctx, a, b)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range differences {
				if !isAccount(d.Object) {
					t.Error(d)
				}
			}
		})
	}
}

func isAccount(object string) bool {
	for _, prefix := range []string{"account ", "grants of ", "role ", "roles of "} {
		if strings.HasPrefix(object, prefix) {
			return true
		}
	}
	return false
}
