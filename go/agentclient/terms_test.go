package agentclient_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient/agentfake"
)

var someTerms = agentapi.SeedTerms{
	Secret: strings.Repeat("5ec2e7a1", 8), PeerHost: "127.0.0.61", DataPort: 21234, SourceMySQLPort: 3311, SourceBytes: 4 << 30,
}

func TestTermsGoWithTheStartsOfPrepareAndBackupOnly(t *testing.T) {
	everywhere(t, setup{}, func(t *testing.T, w *world) {
		for _, stage := range []agent.Stage{agentapi.Prepare, agentapi.Backup, agentapi.Restore, agentapi.Cleanup} {
			must(t, w.client.Start(t.Context(), w.target.Host(), w.at(stage), agentapi.Target, someTerms))
			calls := w.target.Calls("")
			have, withTerms := calls[len(calls)-1].Terms, stage == agentapi.Prepare || stage == agentapi.Backup
			if (have != nil) != withTerms || withTerms && *have != someTerms {
				t.Errorf("%s: %+v", stage, have)
			}
		}
	})
}

func TestAgentsOfOthersAreToldNoTerms(t *testing.T) {
	everywhere(t, setup{v2: true}, func(t *testing.T, w *world) {
		must(t, w.client.Start(t.Context(), w.target.Host(), w.seed, agentapi.Target, someTerms))
		for _, c := range w.target.Calls("") {
			if c.Terms != nil {
				t.Errorf("%s carries %+v", c, c.Terms)
			}
		}
		err := w.client.Bandwidth(t.Context(), w.target.Host(), w.seed, 1)
		if op := wantOp(t, err, nil, agent.CodeAgentRefused, "takes no bandwidth"); !op.Permanent || w.target.Count("bandwidth") != 0 {
			t.Errorf("got %+v", op)
		}
	})
}

func TestSecretOfAStreamIsInNoURLErrorOrLog(t *testing.T) {
	text, err := json.Marshal(someTerms)
	must(t, err)
	header := base64.RawURLEncoding.EncodeToString(text)
	w := &world{target: agentfake.New(agentfake.Options{Hostname: "127.0.0.62"})}
	t.Cleanup(w.target.Close)
	var log bytes.Buffer
	w.client = agentfake.NewClient(agentclient.Options{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}, w.target)
	w.begin()
	for name, f := range map[string]agentfake.Fault{
		"an agent's error": agentfake.Refuse("bad header " + header + " with " + someTerms.Secret),
		"a proxy's page":   agentfake.Answer(502, "text/html", "<html>"+header+" "+someTerms.Secret+"</html>"),
		"another answer":   agentfake.Answer(200, "text/plain", someTerms.Secret),
	} {
		w.target.Break("prepare", f)
		err := w.client.Start(t.Context(), w.target.Host(), w.seed, agentapi.Target, someTerms)
		if err == nil {
			t.Fatalf("%s: no error", name)
		}
		for where, text := range map[string]string{"error": err.Error(), "log": log.String(), "URL": strings.Join(w.target.Paths(), " ")} {
			if strings.Contains(text, someTerms.Secret) || strings.Contains(text, header) {
				t.Errorf("%s: the %s shows the secret: %s", name, where, text)
			}
		}
	}
}

func TestBandwidthOfASeedIsTold(t *testing.T) {
	everywhere(t, setup{}, func(t *testing.T, w *world) {
		wantOp(t, w.client.Bandwidth(t.Context(), w.target.Host(), w.seed, 5), agent.ErrUnknownSeed, agent.CodeAgentForgot, "not found")
		w.start(t, agentapi.Prepare)
		must(t, w.client.Bandwidth(t.Context(), w.target.Host(), w.seed, 0))
		if n := w.target.Limit(7); n != 0 || w.target.Count("bandwidth/7/0") != 1 {
			t.Errorf("the agent has %d", n)
		}
	})
}

func TestReleaseSaysWhatBecameOfTheOldData(t *testing.T) {
	everywhere(t, setup{}, func(t *testing.T, w *world) {
		w.target.Script(agentapi.Prepare, agentfake.Outcome{OldData: agentapi.OldDataAside, OldDataAt: "/var/lib/mysql.old"})
		w.start(t, agentapi.Prepare)
		if st := w.state(t); st.OldData != agentapi.OldDataAside || st.OldDataAt != "/var/lib/mysql.old" {
			t.Errorf("state %+v", st)
		}
		old, err := w.client.Release(t.Context(), w.target.Host(), w.seed, agentapi.Target)
		if must(t, err); old != agentapi.OldDataPutBack {
			t.Errorf("released with the old data %q", old)
		}
	})
}
