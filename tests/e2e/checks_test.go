package e2e

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

func TestChecksNameWhatIsInTheWayAndAnswersAreExact(t *testing.T) {
	sandbox.Require(t, sandbox.MySQL97)
	w := start(t, fleet.Options{Kind: sandbox.MariaDB, Fill: fill(0)})
	other := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MySQL97, Passwords: w.Source.Server.Passwords})
	agent, err := fleet.StartAgent(w.ctx, fleet.AgentOptions{Programs: programs, Service: w.Service, Server: other, Dir: filepath.Join(w.Dir, "other-agent")})
	if agent != nil && agent.Process != nil {
		t.Cleanup(func() { w.must(agent.Stop(), "stop the third agent") })
	}
	w.must(err, "start a third agent")

	t.Run("an empty target passes", func(t *testing.T) {
		checks := w.checks(w.Target.Host, w.Source.Host)
		for _, c := range checks {
			if c.Result == "fail" || c.Name == "target-data" && c.Result != "pass" {
				t.Errorf("%+v", c)
			}
		}
		if len(checks) < 20 {
			t.Errorf("%d checks only: %v", len(checks), checks)
		}
	})
	t.Run("data that will be lost is named with its size", func(t *testing.T) {
		w.exec(w.target(), "CREATE DATABASE precious", "CREATE TABLE precious.t (v LONGBLOB)", "INSERT INTO precious.t SELECT REPEAT('x', 3000000)",
			"ANALYZE TABLE precious.t") // else the server itself tells the size only after a while
		c := w.check(w.Target.Host, w.Source.Host, "target-data")
		if c.Result != "warn" || !regexp.MustCompile(`precious \([0-9.]+ MiB\)`).MatchString(c.Found) || c.Hint == "" {
			t.Errorf("%+v", c)
		}
		s := w.cli("agent-seed", "Mysqldump", w.Target.Host, w.Source.Host, "--check")
		if s.status != 0 || !strings.Contains(s.out, "precious") {
			t.Errorf("the command line ends with %d and says\n%s%s", s.status, s.out, s.err)
		}
	})
	t.Run("MariaDB is not copied to MySQL", func(t *testing.T) {
		c := w.check(other.Host, w.Source.Host, "same-flavour")
		if c.Result != "fail" || !strings.Contains(c.Found, "MySQL") || !strings.Contains(c.Found, "MariaDB") || c.Hint == "" {
			t.Errorf("%+v", c)
		}
		w.refused(t, "agent-seed/Mysqldump/"+other.Host+"/"+w.Source.Host, http.StatusInternalServerError, "same-flavour")
	})
	t.Run("a host is not copied to itself", func(t *testing.T) {
		if c := w.check(w.Source.Host, w.Source.Host, "hosts-differ"); c.Result != "fail" {
			t.Errorf("%+v", c)
		}
		w.refused(t, "agent-seed/Mysqldump/"+w.Source.Host+"/"+w.Source.Host, http.StatusInternalServerError, "hosts-differ")
	})
	t.Run("unknown things", func(t *testing.T) {
		w.refused(t, "agent-seed/Mysqldump/"+w.Target.Host+"/nobody.example", http.StatusInternalServerError, "agents-known")
		w.refused(t, "agent-seed/Carbonpaper/"+w.Target.Host+"/"+w.Source.Host, http.StatusBadRequest, "Carbonpaper")
		w.refused(t, "agent-seed-details/77", http.StatusNotFound, "There is no seed 77.")
		w.refused(t, "agent/nobody.example", http.StatusNotFound, "nobody.example")
	})
	if seeds, err := client.Seeds(client.SeedFilter{}).Do(w.ctx, w.Service.Client); err != nil || len(seeds) != 0 {
		t.Errorf("seeds were made: %v, %v", seeds, err)
	}
	if n, err := w.downtimes(); n != 0 || err != nil {
		t.Errorf("%d downtimes, %v", n, err)
	}
}

func (w *world) checks(target, source string) []seedapi.Check {
	w.t.Helper()
	checks, err := client.CheckSeed(agentapi.Mysqldump, target, source).Do(w.ctx, w.Service.Client)
	w.must(err, "run the checks")
	return checks
}

func (w *world) check(target, source, name string) seedapi.Check {
	w.t.Helper()
	for _, c := range w.checks(target, source) {
		if c.Name == name {
			return c
		}
	}
	w.t.Fatalf("there is no check %s", name)
	return seedapi.Check{}
}

// refused asks as old scripts do, by GET, and holds the answer to the byte where it is promised to the byte.
func (w *world) refused(t *testing.T, path string, status int, says string) {
	t.Helper()
	got, kind, body, err := w.get(path)
	if err != nil {
		t.Error(err)
		return
	}
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Errorf("%s: %v in %s", path, err, body)
	}
	message, _ := answer["Message"].(string)
	details, present := answer["Details"]
	switch {
	case got != status, !strings.HasPrefix(kind, "application/json"):
		t.Errorf("%s answers %d %s, want %d: %s", path, got, kind, status, body)
	case !strings.HasPrefix(string(body), `{"Code":"ERROR","Message":"`), strings.HasSuffix(string(body), "\n"), !present, details != nil:
		t.Errorf("%s answers %s", path, body)
	case !strings.Contains(message, says):
		t.Errorf("%s says %q, want it to name %s", path, message, says)
	}
}

func (w *world) get(path string) (status int, kind string, body []byte, err error) {
	r, err := http.NewRequestWithContext(w.ctx, http.MethodGet, w.Service.URL+"/api/"+path, nil)
	if err != nil {
		return 0, "", nil, err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", nil, err
	}
	body, err = io.ReadAll(res.Body)
	return res.StatusCode, res.Header.Get("Content-Type"), body, errors.Join(err, res.Body.Close())
}
