package host

import (
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestAServerThatIsDownIsKnownByWhatWasNoted(t *testing.T) {
	host := sandbox.HostsT(t, 1)[0]
	port, err := sandbox.FreePort(host)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	note := &agentapi.MySQLNote{Version: "10.11.6-MariaDB", ServerID: 7}
	h := New(Options{MySQL: NewMySQL(MySQLOptions{Host: host, Port: port}), BackupDir: t.TempDir(),
		Noted: func() (string, *agentapi.MySQLNote) { return dir, note }})
	defer h.Close()
	d := h.Data(t.Context())
	if d.MySQLRunning || d.MySQLDatadir != dir || d.MySQLNoted != note || d.MySQLVersion != note.Version || d.MySQLDatadirDiskFree == 0 || d.MySQLError == "" {
		t.Errorf("%+v", d)
	}
}
