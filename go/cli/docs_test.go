package cli

import (
	"io"
	"os"
	"strings"
	"testing"
)

const docsPath = "../../docs/cli.md"

func TestDocsAreTheCommands(t *testing.T) {
	got, err := Docs()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(docsPath, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(docsPath)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Error("docs/cli.md is not what the commands say; make it with: go test ./go/cli -run Docs -update")
	}
}

func TestHelpOfEveryCommandTeaches(t *testing.T) {
	var g grammar
	parser, err := newParser(&g, Options{Stdout: io.Discard, Stderr: io.Discard}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range parser.Model.Leaves(false) {
		if n.Help == "" || !strings.HasSuffix(n.Help, ".") {
			t.Errorf("%s: no sentence says what it does", n.Name)
		}
		if !strings.Contains(n.Detail, "Examples:\n\n    ") || !strings.Contains(n.Detail, "orchestrator-seed "+n.Name) {
			t.Errorf("%s: no example of it", n.Name)
		}
		if !strings.Contains(n.Detail, "Exit statuses:\n\n    0 ") {
			t.Errorf("%s: no exit statuses", n.Name)
		}
		if n.Group == nil || groups[n.Group.Key] == "" {
			t.Errorf("%s: in no group of the help", n.Name)
		}
		for _, a := range n.Positional {
			if a.Help == "" {
				t.Errorf("%s: nothing is said of %s", n.Name, a.Name)
			}
		}
		for _, f := range n.Flags {
			if strings.Contains(f.Name, "password") {
				t.Errorf("%s --%s: a password must not be an argument", n.Name, f.Name)
			}
		}
	}
}
