package cli

import (
	"context"
	"fmt"

	"github.com/alecthomas/kong"
)

// Run carries out one command and returns the exit status. The end of ctx is what Ctrl-C is to a person.
func Run(ctx context.Context, o Options) int {
	o = o.withDefaults()
	if len(o.Args) > 0 && o.Args[0] == completeWord {
		complete(ctx, o, o.Args[1:])
		return ExitOK
	}
	var g grammar
	helped := false
	parser, err := newParser(&g, o, func(int) { helped = true })
	if err != nil {
		fmt.Fprintln(o.Stderr, "orchestrator-seed:", err)
		return ExitError
	}
	args := o.Args
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	switch {
	case helped && len(o.Args) == 0:
		return ExitError // nothing was asked for
	case helped:
		return ExitOK
	case err != nil:
		fmt.Fprintf(o.Stderr, "orchestrator-seed: %s\n", sentence(err))
		fmt.Fprintf(o.Stderr, "  \"orchestrator-seed %s--help\" tells more.\n", usageOf(err))
		return ExitError
	}
	s := &session{Options: o, globals: &g.globals}
	defer s.close()
	parsed.BindTo(ctx, (*context.Context)(nil))
	status, words := statusOf(parsed.Run(s))
	if words != "" {
		fmt.Fprintln(o.Stderr, "orchestrator-seed:", words)
	}
	return status
}

func newParser(g *grammar, o Options, exit func(int)) (*kong.Kong, error) {
	return kong.New(g,
		kong.Name("orchestrator-seed"),
		kong.Description(description),
		kong.Writers(o.Stdout, o.Stderr),
		kong.Exit(exit),
		kong.ExplicitGroups([]kong.Group{
			{Key: "seeds", Title: groups["seeds"]},
			{Key: "agents", Title: groups["agents"]},
			{Key: "service", Title: groups["service"]},
			{Key: "program", Title: groups["program"]},
		}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
	)
}

// usageOf is the command that was used wrongly, with a blank behind it.
func usageOf(err error) string {
	if pe, ok := err.(*kong.ParseError); ok && pe.Context != nil && pe.Context.Selected() != nil {
		return pe.Context.Selected().Name + " "
	}
	return ""
}
