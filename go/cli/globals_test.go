package cli

import (
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestTheServicesCertificateIsCheckedUnlessToldOtherwise(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, ignore) })
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `["db1"]`) }))
	s.Config.ErrorLog = nil
	s.StartTLS()
	t.Cleanup(s.Close)
	dir := t.TempDir()
	ca, empty := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "empty.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want int
		says string
	}{
		{nil, ExitUnreachable, "certificate"},
		{[]string{"--ssl-ca-file", ca}, ExitOK, "db1"},
		{[]string{"--ssl-skip-verify"}, ExitOK, "db1"},
		{[]string{"--ssl-ca-file", empty}, ExitError, "no certificate in"},
		{[]string{"--ssl-ca-file", filepath.Join(dir, "nosuch")}, ExitError, "read the certificates to trust"},
		{[]string{"--ssl-cert-file", ca}, ExitError, "go together"},
		{[]string{"--ssl-cert-file", ca, "--ssl-private-key-file", ca}, ExitError, "read the own certificate"},
	} {
		out := newScreen(0)
		got := Run(t.Context(), Options{Args: append(c.args, "--api", s.URL, "agents-hosts"), Stdout: out, Stderr: out, Stdin: strings.NewReader("")})
		if got != c.want || !strings.Contains(out.String(), c.says) {
			t.Errorf("%v: exit status %d, want %d: %s", c.args, got, c.want, out)
		}
	}
}
