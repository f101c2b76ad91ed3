package agentclient_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient/agentfake"
)

// calls are all calls whose answers have a shape.
func calls(ctx context.Context, w *world) map[string]func() error {
	h := w.target.Host()
	return map[string]func() error{
		"get-agent-data": func() error { _, err := w.client.Data(ctx, h); return err },
		"prepare": func() error {
			return w.client.Start(ctx, h, w.seed, agentapi.Target, agentapi.SeedTerms{SourceMySQLPort: 3311})
		},
		"seed-stage-state":     func() error { _, err := w.client.StageState(ctx, h, w.seed); return err },
		"get-metadata":         func() error { _, err := w.client.Metadata(ctx, h, w.seed); return err },
		"abort-seed-stage":     func() error { return w.client.Abort(ctx, h, w.seed) },
		"release-seed":         func() error { _, err := w.client.Release(ctx, h, w.seed, agentapi.Target); return err },
		"bandwidth":            func() error { return w.client.Bandwidth(ctx, h, w.seed, 1<<20) },
		"post-seed-cmd":        func() error { _, err := w.client.PostSeed(ctx, h, w.seed); return err },
		"mysql-start":          func() error { return w.client.MySQLStart(ctx, h) },
		"mysql-stop":           func() error { return w.client.MySQLStop(ctx, h) },
		"mysql-error-log-tail": func() error { _, err := w.client.MySQLErrorLog(ctx, h); return err },
		"mountlv":              func() error { return w.client.MountLV(ctx, h, "/dev/vg/lv") },
		"umount":               func() error { return w.client.Unmount(ctx, h) },
		"removelv":             func() error { return w.client.RemoveLV(ctx, h, "/dev/vg/lv") },
		"create-snapshot":      func() error { return w.client.CreateSnapshot(ctx, h) },
		"custom-commands":      func() error { _, err := w.client.CustomCommand(ctx, h, "echo"); return err },
		"probe-mysql": func() error {
			_, err := w.client.ProbeMySQL(ctx, h, agentapi.ProbeMySQL{Host: "127.0.0.61", Port: 3306, Password: "pa ss"})
			return err
		},
		"probe-connect": func() error {
			_, err := w.client.ProbeDataPort(ctx, w.source.Host(), h)
			return err
		},
	}
}

func TestEveryCallIsAnsweredByAWorkingAgent(t *testing.T) {
	everywhere(t, setup{}, func(t *testing.T, w *world) {
		w.start(t, agentapi.Prepare)
		for name, call := range calls(t.Context(), w) {
			if err := call(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestAnAnswerThatIsNotWhatThePathPromisesIsNoAnswer(t *testing.T) {
	faults := map[string]agentfake.Fault{
		"a page":                   agentfake.HTML(),
		"an empty object":          agentfake.EmptyObject(),
		"bad JSON":                 agentfake.BadJSON(),
		"10 MB":                    agentfake.Huge(),
		"half an answer":           agentfake.CutBody(),
		"a reset":                  agentfake.Reset(),
		"a page with an error":     agentfake.Answer(502, "text/html", "<html>Bad Gateway</html>"),
		"an error that says empty": agentfake.Answer(500, "application/json", "{}"),
		"a redirect":               agentfake.Answer(302, "text/html", "elsewhere"),
		"nothing":                  agentfake.Answer(200, "text/plain", ""),
		"false":                    agentfake.Answer(200, "application/json", "false"),
		"null":                     agentfake.Answer(200, "application/json", "null"),
	}
	everywhere(t, setup{}, func(t *testing.T, w *world) {
		w.start(t, agentapi.Prepare)
		for fault, f := range faults {
			w.target.Mend("")
			w.target.Break("", f)
			for name, call := range calls(t.Context(), w) {
				// The error log may be any text that is no page.
				if name == "mysql-error-log-tail" && strings.Contains("nothing false null", fault) {
					continue
				}
				err := call()
				if !errors.Is(err, agent.ErrUnreachable) {
					t.Errorf("%s, answered with %s: %v", name, fault, err)
					continue
				}
				if len(err.Error()) > 600 || strings.Contains(err.Error(), w.target.Host().Info.Token) || strings.Contains(err.Error(), "token=") {
					t.Errorf("%s, answered with %s: %v", name, fault, err)
				}
			}
		}
	})
}

func TestWordsThatNobodyKnowsAreNoAnswer(t *testing.T) {
	everywhere(t, setup{}, func(t *testing.T, w *world) {
		w.target.Break("", agentfake.UnknownWord())
		err := w.client.Start(t.Context(), w.target.Host(), w.seed, agentapi.Target, agentapi.SeedTerms{SourceMySQLPort: 3311})
		wantOp(t, err, agent.ErrUnreachable, agent.CodeAgentUnreachable, "Dozing")
		_, err = w.client.StageState(t.Context(), w.target.Host(), w.seed)
		wantOp(t, err, agent.ErrUnreachable, agent.CodeAgentUnreachable, "Dozing")
		err = w.client.Abort(t.Context(), w.target.Host(), w.seed)
		wantOp(t, err, agent.ErrUnreachable, agent.CodeAgentUnreachable, "Dozing")
	})
}

func TestTheStateOfAnotherSeedOrStageIsNoAnswer(t *testing.T) {
	for said, want := range map[string]string{
		`{"SeedID":8,"Stage":"Prepare","Status":"Completed"}`:                               "the state of seed 7",
		`{"SeedID":7,"Stage":"Backup","Status":"Completed"}`:                                "the state of stage Prepare",
		`{"SeedID":7,"Stage":"Prepare","Status":"Failed"}`:                                  "a status Running, Completed or Error",
		`{"SeedID":7,"Stage":"Prepare"}`:                                                    "the state of a stage",
		`{"SeedID":7,"Stage":"Prepare","Status":"Running","Progress":{"Bytes":-1}}`:         "not negative",
		`[{"SeedID":7,"Stage":"Prepare","Status":"Completed"}]`:                             "the state of a stage",
		`{"SeedID":"7","Stage":"Prepare","Status":"Completed"}`:                             "the state of a stage",
		`{"SeedID":7,"Stage":"Prepare","Status":"Completed"}{"SeedID":7,"Stage":"Prepare"}`: "the state of a stage",
	} {
		everywhere(t, setup{}, func(t *testing.T, w *world) {
			w.target.Break("seed-stage-state", agentfake.Answer(200, "application/json", said))
			_, err := w.client.StageState(t.Context(), w.target.Host(), w.seed)
			wantOp(t, err, agent.ErrUnreachable, agent.CodeAgentUnreachable, want)
		})
	}
}

func TestOneDeadlineCoversTheWholeAnswer(t *testing.T) {
	for name, fault := range map[string]agentfake.Fault{"hangs": agentfake.Hang(), "never ends": agentfake.Endless()} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, setup{timeout: 150 * time.Millisecond}, func(t *testing.T, w *world) {
				w.target.Break("", fault)
				began := time.Now()
				_, err := w.client.Data(t.Context(), w.target.Host())
				wantOp(t, err, agent.ErrUnreachable, agent.CodeAgentUnreachable, "within the call's time (150ms at most)")
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%v is not a deadline", err)
				}
				if took := time.Since(began); took > 3*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

func TestAHungAgentDelaysNoOther(t *testing.T) {
	everywhere(t, setup{timeout: 30 * time.Second}, func(t *testing.T, w *world) {
		w.target.Break("", agentfake.Hang())
		ctx, cancel := context.WithCancel(t.Context())
		hung := make(chan error, 20)
		for range cap(hung) {
			go func() { _, err := w.client.Data(ctx, w.target.Host()); hung <- err }()
		}
		if _, err := w.client.Data(background(t, 10*time.Second), w.source.Host()); err != nil {
			t.Errorf("the other agent: %v", err)
		}
		w.target.Mend("")
		if _, err := w.client.Data(background(t, 10*time.Second), w.target.Host()); err != nil {
			t.Errorf("the same agent, once it answers again: %v", err)
		}
		cancel()
		for range cap(hung) {
			if err := <-hung; err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("a cancelled call: %v", err)
			}
		}
	})
}

func TestAnAgentThatIsAwayAndBackIsReachedAgain(t *testing.T) {
	everywhere(t, setup{}, func(t *testing.T, w *world) {
		w.start(t, agentapi.Prepare)
		w.target.Down()
		_, err := w.client.StageState(t.Context(), w.target.Host(), w.seed)
		op := wantOp(t, err, agent.ErrUnreachable, agent.CodeAgentUnreachable, "ask for the state of Prepare of seed 7 on 127.0.0.62: ")
		if !strings.Contains(op.Hint, "orchestrator-agent runs on 127.0.0.62") {
			t.Errorf("hint %q", op.Hint)
		}
		w.target.Up()
		if st := w.state(t); st.Status != agentapi.Completed {
			t.Errorf("state %+v", st)
		}
	})
}

func TestALostAnswerAndARepeatedStartAreOneStart(t *testing.T) {
	for _, v2 := range []bool{true, false} {
		everywhere(t, setup{v2: v2}, func(t *testing.T, w *world) {
			w.target.Script(agentapi.Prepare, agentfake.OnDemand())
			w.target.BreakNext("prepare", 1, agentfake.LoseAnswer())
			err := w.client.Start(t.Context(), w.target.Host(), w.seed, agentapi.Target, agentapi.SeedTerms{SourceMySQLPort: 3311})
			wantOp(t, err, agent.ErrUnreachable, agent.CodeAgentUnreachable, "reset")
			must(t, w.client.Start(t.Context(), w.target.Host(), w.seed, agentapi.Target, agentapi.SeedTerms{SourceMySQLPort: 3311}))
			attempt := int64(1)
			if v2 {
				attempt = 0
			}
			if n := w.target.Starts(7, agentapi.Prepare, attempt); n != 1 || w.target.DoubleStarts() != 0 {
				t.Errorf("%d starts", n)
			}
		})
	}
}

func TestTheTokenIsNeverInAnError(t *testing.T) {
	everywhere(t, setup{v2: true}, func(t *testing.T, w *world) {
		h := w.target.Host()
		h.Info.Token = "sec/ret+token"
		w.target.Break("", agentfake.Answer(500, "text/plain", "no route for /api/x?token=sec/ret+token and sec%2Fret%2Btoken"))
		_, err := w.client.Data(t.Context(), h)
		wantOp(t, err, agent.ErrUnreachable, agent.CodeAgentUnreachable, "[hidden]")
		w.target.Mend("")
		_, wrong := w.client.Data(t.Context(), h)
		wantOp(t, wrong, nil, agent.CodeAgentRefused, "Invalid token")
		w.target.Down()
		_, down := w.client.Data(t.Context(), h)
		h.Info.Hostname = "%zz"
		_, odd := w.client.Data(t.Context(), h)
		for _, err := range []error{err, wrong, down, odd} {
			for inner := err; inner != nil; inner = errors.Unwrap(inner) {
				if strings.Contains(inner.Error(), "ret+token") || strings.Contains(inner.Error(), "ret%2Btoken") {
					t.Errorf("it is in %q", inner)
				}
			}
		}
	})
}

func TestCallsAreMetered(t *testing.T) {
	m := &meter{}
	a := agentfake.New(agentfake.Options{Hostname: "src1"})
	c := agentfake.NewClient(agentclient.Options{Meter: m}, a)
	if _, err := c.Data(t.Context(), a.Host()); err != nil {
		t.Fatal(err)
	}
	a.Down()
	if err := c.MySQLStart(t.Context(), a.Host()); err == nil {
		t.Fatal("an agent that is down answered")
	}
	if got := strings.Join(m.calls, " "); got != "get-agent-data mysql-start!" {
		t.Errorf("metered %q", got)
	}
}
