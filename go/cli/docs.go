package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// Docs returns docs/cli.md: every command, from the same words as --help.
func Docs() (string, error) {
	var g grammar
	parser, err := newParser(&g, Options{Stdout: io.Discard, Stderr: io.Discard}, func(int) {})
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, docsHead, description)
	for _, e := range exitTexts {
		fmt.Fprintf(&b, "| %d | %s |\n", e.status, e.text)
	}
	b.WriteString("\n## Flags of every command\n\n")
	docFlags(&b, parser.Model.Flags)
	leaves := parser.Model.Leaves(true)
	for _, key := range []string{"seeds", "agents", "service", "program"} {
		fmt.Fprintf(&b, "\n## %s\n\n", groups[key])
		for _, n := range leaves {
			if n.Group != nil && n.Group.Key == key {
				fmt.Fprintf(&b, "- [`%s`](#%s): %s\n", n.Name, n.Name, n.Help)
			}
		}
		for _, n := range leaves {
			if n.Group != nil && n.Group.Key == key {
				docCommand(&b, n)
			}
		}
	}
	return b.String(), nil
}

const docsHead = `# The command line

<!-- Made by: go test ./go/cli -run Docs -update. Change the commands, not this page. -->

%s

Commands that talk to the service find it by ` + "`--api` or `ORCHESTRATOR_API`" + `: one URL, or those of several nodes, of which
the leader's is used. A user is named by ` + "`--auth-user` or `ORCHESTRATOR_AUTH_USER`" + `; the password is in
` + "`ORCHESTRATOR_AUTH_PASSWORD`" + ` or in the file that ` + "`--auth-password-file`" + ` names, and is never an argument.

Standard output holds the answer and nothing else: a table for people, with ` + "`--output json`" + ` the API's own JSON, with
` + "`--output yaml`" + ` the same as YAML. Progress, questions and errors go to standard error.

## Watching a seed

` + "`agent-seed --wait`, `agent-retry-seed --wait` and `wait`" + ` watch a seed until it ends. On a terminal one line shows stage, status, a
bar, bytes, rate and time left; elsewhere each change is a line. The service's events say when something happens; where
none come, the seed is asked for every ` + "`--poll`" + `. A service that is away, for a restart perhaps, is waited for
(` + "`--unreachable-timeout`" + `). Ctrl-C ends the watching and not the seed. At the end stands how it went and how long each stage
took, and the exit status says it too.

## Exit statuses

| status | meaning |
|---|---|
`

func docCommand(b *strings.Builder, n *kong.Node) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n\n    orchestrator-seed %s\n\n%s\n", n.Name, n.Help, n.Summary(), n.Detail)
	var rows strings.Builder
	for _, p := range n.Positional {
		fmt.Fprintf(&rows, "| `%s` | %s |\n", strings.ToUpper(p.Name), cell(p.Help))
	}
	if rows.Len() > 0 {
		fmt.Fprintf(b, "\n| argument | |\n|---|---|\n%s", rows.String())
	}
	if len(n.Flags) > 0 {
		b.WriteByte('\n')
		docFlags(b, n.Flags)
	}
}

func docFlags(b *strings.Builder, flags []*kong.Flag) {
	b.WriteString("| flag | |\n|---|---|\n")
	for _, f := range flags {
		if f.Hidden || f.Name == "help" {
			continue
		}
		name := "--" + f.Name
		if f.Short != 0 {
			name = "-" + string(f.Short) + ", " + name
		}
		if !f.IsBool() {
			name += "=" + f.FormatPlaceHolder()
		}
		help := f.Help
		if len(f.Envs) > 0 {
			help += " Environment: `" + strings.Join(f.Envs, "`, `") + "`."
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", name, cell(help))
	}
}

func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }
