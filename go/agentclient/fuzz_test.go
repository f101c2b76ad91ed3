package agentclient

import (
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Whatever an agent answers: no panic, no endless error text, and a state that is accepted is about what was asked.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		"Started", "Prepare stage already started for seedStarted", `"Started"`, "killed", "true", "",
		`{"Code":"ERROR","Message":"SeedID 999 not found","Details":null}`,
		`{"Code":"OK","Message":"hello\n","Details":{"OK":true,"Found":"10.11.6-MariaDB"}}`,
		`{"SeedID":1,"Stage":"Prepare","Hostname":"tgt1","Timestamp":"2026-11-22T16:18:20.651515168Z","Status":"Completed","Details":"Stage completed"}`,
		`{"LogFile":"mysql-bin.000001","LogPos":542,"GtidExecuted":"0-11-1"}`,
		`{"Path":"","Device":"","LVPath":"","FileSystem":"","IsMounted":false,"DiskUsage":0}`,
		"<html><body>502</body></html>", "500 Internal Server Error", "\xff\xfe\x00",
	} {
		f.Add([]byte(body))
	}
	seed := &agent.Seed{ID: 1, Stage: agentapi.Prepare}
	r := request{host: &agent.Host{Info: agentapi.Info{Hostname: "src1", Port: 3002, Token: "t0ken"}}, op: "ask", path: []string{"x"}}
	f.Fuzz(func(t *testing.T, body []byte) {
		st, err := r.stageState(body, seed, agentapi.Prepare)
		if err == nil && (st.SeedID != 1 || st.Stage != agentapi.Prepare || st.Status == "") {
			t.Errorf("accepted %+v", st)
		}
		var result agentapi.ProbeResult
		errs := []error{err, r.accepted(body), r.done(body), r.details(body, &result, "OK"), r.refusal(answer{status: 500, body: body})}
		for _, err := range errs {
			if err != nil && len(err.Error()) > 6000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		}
	})
}
