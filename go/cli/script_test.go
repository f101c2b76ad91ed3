package cli

import (
	"context"
	"encoding/json"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/orchestrator-seed/orchestrator-seed/go/client/clientfake"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"orchestrator-seed": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		os.Exit(Run(ctx, Options{
			Args:    os.Args[1:],
			Version: "1.2.3",
			Serve: func(_ context.Context, o ServeOptions) error {
				return json.NewEncoder(o.Stderr).Encode([]any{o.ConfigPath, o.Debug})
			},
		}))
	}})
}

// TestScripts runs testdata/script, each file against a fake service of its own. Beside the usual commands they have
//
//	fake set REQUEST STATUS FILE    what a request answers
//	fake seed ID FILE               the states that a seed goes through, one a look
//	fake states ID FILE             a seed's history
//	fake asked REQUEST              fails unless the service was asked that (! fake asked: if it was)
//	fake noevents | stop
//	status N COMMAND...             runs a command that has to end with that exit status
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			s, err := clientfake.New()
			if err != nil {
				return err
			}
			env.Defer(s.Stop)
			env.Values["fake"] = s
			env.Setenv("ORCHESTRATOR_API", s.URL())
			env.Setenv("API", s.URL())
			env.Setenv("TZ", "UTC")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"fake": fake, "status": status},
	})
}

// status runs a command of the program itself and compares its exit status.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if err != nil {
		code, ok := err.(interface{ ExitCode() int })
		if !ok {
			ts.Fatalf("run: %v", err)
		}
		got = code.ExitCode()
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit status %d, want %s", got, args[0])
	}
}

func fake(ts *testscript.TestScript, neg bool, args []string) {
	s, ok := ts.Value("fake").(*clientfake.Service)
	if !ok || len(args) == 0 {
		ts.Fatalf("usage: fake COMMAND")
	}
	switch {
	case args[0] == "set" && len(args) == 4:
		code, err := strconv.Atoi(args[2])
		ts.Check(err)
		s.Set(args[1], clientfake.Answer{Status: code, Body: ts.ReadFile(args[3])})
	case args[0] == "seed" && len(args) == 3:
		var seeds []seedapi.Seed
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[2])), &seeds))
		s.Script(number(ts, args[1]), seeds...)
	case args[0] == "states" && len(args) == 3:
		var states []seedapi.SeedStageState
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[2])), &states))
		s.States(number(ts, args[1]), states...)
	case args[0] == "asked" && len(args) == 2:
		if slices.Contains(s.Requests(), args[1]) == neg {
			ts.Fatalf("asked so far: %q", s.Requests())
		}
	case args[0] == "noevents":
		s.NoEvents()
	case args[0] == "login" && len(args) == 3:
		s.User, s.Password = args[1], args[2]
	case args[0] == "stop":
		s.Stop()
	default:
		ts.Fatalf("unknown: fake %q", args)
	}
}

func number(ts *testscript.TestScript, word string) int64 {
	n, err := strconv.ParseInt(word, 10, 64)
	ts.Check(err)
	return n
}
