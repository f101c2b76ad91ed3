package agentclient_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient/agentfake"
)

func TestAnAgentIsReachedByIPv6(t *testing.T) {
	a := agentfake.Start(t, agentfake.Options{Hostname: "::1"})
	c := agentclient.New(agentclient.Options{})
	defer c.Close()
	must(t, c.MySQLStart(t.Context(), a.Host()))
}

// hostOf is the agent's row for a test server.
func hostOf(t *testing.T, srv *httptest.Server) *agent.Host {
	t.Helper()
	at, err := netip.ParseAddrPort(srv.Listener.Addr().String())
	must(t, err)
	return &agent.Host{Info: agentapi.Info{Hostname: at.Addr().String(), Port: int(at.Port()), Token: "t0ken"}}
}

func TestTLSIsCheckedAndTheAgentsOwnTokenHeaderIsFilled(t *testing.T) {
	var header atomic.Value
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header.Store(r.Header.Get("X-Mine") + "," + r.Header.Get(agentapi.HeaderToken))
		w.Write([]byte("true"))
	}))
	defer srv.Close()
	srv.Config.ErrorLog = nil
	trusting := srv.Client().Transport.(*http.Transport).TLSClientConfig
	c := agentclient.New(agentclient.Options{TLS: trusting, TokenHeader: "X-Mine"})
	defer c.Close()
	must(t, c.MySQLStart(t.Context(), hostOf(t, srv)))
	if header.Load() != "t0ken,t0ken" {
		t.Errorf("headers %v", header.Load())
	}
	wary := agentclient.New(agentclient.Options{TLS: &tls.Config{}})
	defer wary.Close()
	wantOp(t, wary.MySQLStart(t.Context(), hostOf(t, srv)), agent.ErrUnreachable, agent.CodeAgentUnreachable, "certificate")
}

func TestARedirectIsNotFollowedWithTheToken(t *testing.T) {
	var followed atomic.Bool
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "elsewhere") {
			followed.Store(true)
			w.Write([]byte("true"))
			return
		}
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	defer srv.Close()
	c := agentclient.New(agentclient.Options{})
	defer c.Close()
	wantOp(t, c.MySQLStart(t.Context(), hostOf(t, srv)), agent.ErrUnreachable, agent.CodeAgentUnreachable, "302")
	if followed.Load() {
		t.Error("the redirect was followed")
	}
}

func TestNamesInPathsAreEscaped(t *testing.T) {
	everywhere(t, setup{}, func(t *testing.T, w *world) {
		w.target.Change(func(d *agentapi.Data) { d.AgentCommands = []string{"a/b?c d"} })
		_, err := w.client.CustomCommand(t.Context(), w.target.Host(), "a/b?c d")
		must(t, err)
	})
}
