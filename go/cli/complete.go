package cli

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

// completeWord is the first argument when a shell asks how the last word could go on.
const completeWord = "__complete"

// completeTimeout bounds a question to the service: a person is waiting with a finger on the key.
const completeTimeout = 2 * time.Second

// complete prints what the last of words could become, one a line. Nothing is printed where nothing is known.
func complete(ctx context.Context, o Options, words []string) {
	var g grammar
	parser, err := newParser(&g, o, func(int) {})
	if err != nil || len(words) == 0 {
		return
	}
	typed, last := words[:len(words)-1], words[len(words)-1]
	at := walk(parser.Model, typed)
	for _, w := range at.candidates(ctx, o, last) {
		if strings.HasPrefix(w, last) {
			fmt.Fprintln(o.Stdout, w)
		}
	}
}

// place is where in the command line the cursor is.
type place struct {
	app        *kong.Application
	command    *kong.Node  // nil before a command
	flag       *kong.Value // the flag whose value comes next; nil otherwise
	positional int         // how many positional arguments stand before
	globals    globals     // what the words before say of the service
}

func walk(app *kong.Application, typed []string) *place {
	at := &place{app: app}
	for _, w := range typed {
		switch {
		case at.flag != nil:
			at.remember(at.flag.Name, w)
			at.flag = nil
		case strings.HasPrefix(w, "-"):
			at.option(w)
		case at.command == nil:
			for _, n := range app.Leaves(true) {
				if n.Name == w {
					at.command = n
				}
			}
		default:
			at.positional++
		}
	}
	return at
}

func (at *place) option(w string) {
	name, value, has := strings.Cut(strings.TrimLeft(w, "-"), "=")
	for _, f := range at.flags() {
		if f.Name != name && (f.Short == 0 || string(f.Short) != name) {
			continue
		}
		switch {
		case has:
			at.remember(f.Name, value)
		case !f.IsBool():
			at.flag = f.Value
		}
	}
}

func (at *place) flags() []*kong.Flag {
	var all []*kong.Flag
	all = append(all, at.app.Flags...)
	if at.command != nil {
		all = append(all, at.command.Flags...)
	}
	return all
}

// remember keeps what matters for asking the service.
func (at *place) remember(flag, value string) {
	switch flag {
	case "api":
		at.globals.API = value
	case "auth-user":
		at.globals.AuthUser = value
	case "auth-password-file":
		at.globals.AuthPasswordFile = value
	case "ssl-ca-file":
		at.globals.SSLCAFile = value
	}
}

func (at *place) candidates(ctx context.Context, o Options, last string) []string {
	switch {
	case at.flag != nil:
		return at.values(ctx, o, at.flag, last)
	case strings.HasPrefix(last, "-"):
		var names []string
		for _, f := range at.flags() {
			if !f.Hidden {
				names = append(names, "--"+f.Name)
			}
		}
		return names
	case at.command == nil:
		var names []string
		for _, n := range at.app.Leaves(true) {
			names = append(names, n.Name)
		}
		return names
	case at.positional < len(at.command.Positional):
		return at.values(ctx, o, at.command.Positional[at.positional], last)
	}
	return nil
}

// values are what a flag or an argument can be.
func (at *place) values(ctx context.Context, o Options, v *kong.Value, last string) []string {
	if v.Enum != "" {
		return v.EnumSlice()
	}
	kind := v.Tag.Get("complete")
	if kind == "" {
		return nil
	}
	if kind == "seed-status" {
		var words []string
		for _, s := range agentapi.Statuses {
			words = append(words, string(s))
		}
		return words
	}
	if kind == "agent-status" {
		return []string{"Active", "Inactive"}
	}
	ctx, cancel := context.WithTimeout(ctx, completeTimeout)
	defer cancel()
	return at.ask(ctx, o, kind, last)
}

// ask asks the service; what goes wrong is no completion.
func (at *place) ask(ctx context.Context, o Options, kind, last string) []string {
	if err := at.fill(); err != nil {
		return nil
	}
	c, err := at.globals.connect(o.Version)
	if err != nil {
		return nil
	}
	defer c.Close()
	var words []string
	switch kind {
	case "host":
		words, _ = client.AgentsHosts(last).Do(ctx, c)
	case "cluster":
		words, _ = client.ClustersAliases(last).Do(ctx, c)
	case "seed":
		seeds, _ := client.Seeds(client.SeedFilter{}).Do(ctx, c)
		for _, s := range seeds {
			words = append(words, strconv.FormatInt(s.SeedID, 10))
		}
	}
	return words
}

// fill takes what the words did not say from the environment and the defaults, as every command does.
func (at *place) fill() error {
	var fresh globals
	parser, err := kong.New(&fresh, kong.Writers(io.Discard, io.Discard), kong.Exit(func(int) {}))
	if err != nil {
		return err
	}
	if _, err := parser.Parse(nil); err != nil {
		return err
	}
	given := reflect.ValueOf(&at.globals).Elem()
	for i := range given.NumField() {
		if given.Field(i).IsZero() {
			given.Field(i).Set(reflect.ValueOf(fresh).Field(i))
		}
	}
	return nil
}
