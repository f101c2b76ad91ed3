package agentclient_test

import (
	"errors"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient/agentfake"
)

const recordedData = `{"LocalSnapshotsHosts":[],"SnaphostHosts":[],"LogicalVolumes":[],"MountPoint":{"Path":"","Device":"","LVPath":"",` +
	`"FileSystem":"","IsMounted":false,"DiskUsage":0},"BackupDir":"/backup","BackupDirDiskFree":79912726528,"BackupDirDiskUsed":4096,` +
	`"MySQLRunning":true,"MySQLDatadir":"/var/lib/mysql/","MySQLDatadirDiskUsed":414026207,"MySQLDatadirDiskFree":79912726528,` +
	`"MySQLDatabases":{"small":{"Engines":["InnoDB"],"Size":39911424},"test":{"Engines":null,"Size":0}},"AvailiableSeedMethods":` +
	`{"Mysqldump":{"BackupSide":"Target","SupportedEngines":["ROCKSDB","InnoDB"],"BackupToDatadir":false}},` +
	`"AgentCommands":["post-seed-command","echo"],"NumCPU":2,"MemTotal":25276510208,"OsName":""}`

// Answers of v2 agents as they were recorded, and what they mean.
func TestRecordedAnswersOfAgentsOfOthersAreUnderstood(t *testing.T) {
	refusal := func(text string) string { return `{"Code":"ERROR","Message":"` + text + `","Details":null}` }
	const unable = "Unable to abort seed. Either seed is completed or seed commands are not running"
	for _, a := range []struct {
		call   string
		status int
		kind   string
		body   string
		is     error // nil: no error, unless code is set
		code   string
	}{
		{"get-agent-data", 200, "application/json", recordedData, nil, ""},
		{"get-agent-data", 500, "application/json", refusal("Invalid token"), nil, agent.CodeAgentRefused},
		{"prepare", 202, "text/plain", "Started", nil, ""},
		{"prepare", 202, "text/plain", "Prepare stage already started for seedStarted", nil, ""},
		{"prepare", 500, "application/json", refusal("Seed method unavailiable on agent"), nil, agent.CodeAgentRefused},
		{"prepare", 404, "text/plain", "404 page not found\n", agent.ErrUnreachable, agent.CodeAgentUnreachable},
		{"seed-stage-state", 200, "application/json", `{"SeedID":7,"Stage":"Prepare","Hostname":"tgt1","Timestamp":"2026-11-22T16:51:55.488595307Z",` +
			`"Status":"Completed","Details":"Prepare completed. Started socat on port 21234. Waiting for backup data"}`, nil, ""},
		{"seed-stage-state", 500, "application/json", refusal("SeedID 7 not found"), agent.ErrUnknownSeed, agent.CodeAgentForgot},
		{"seed-stage-state", 500, "application/json", refusal("SeedID 7 on stage Prepare not found"), agent.ErrUnknownSeed, agent.CodeAgentForgot},
		{"seed-stage-state", 500, "application/json", refusal("Seed stage undefinded"), nil, agent.CodeAgentRefused},
		{"get-metadata", 200, "application/json", `{"LogFile":"mysql-bin.000001","LogPos":328,"GtidExecuted":""}`, nil, ""},
		{"get-metadata", 500, "application/json", refusal("error: command \\\"head\\\": exit status 1"), nil, agent.CodeAgentRefused},
		{"abort-seed-stage", 200, "text/plain", "killed", nil, ""},
		{"abort-seed-stage", 500, "application/json", refusal("Unable to abort seed stage. SeedID not found"), nil, ""},
		{"abort-seed-stage", 500, "application/json", refusal(unable), nil, ""}, // and the state says that nothing runs
		{"abort-seed-stage", 500, "text/plain", "500 Internal Server Error", agent.ErrUnreachable, agent.CodeAgentUnreachable},
		{"post-seed-cmd", 200, "application/json", `{"Code":"OK","Message":"hello\n","Details":null}`, nil, ""},
		{"post-seed-cmd", 200, "application/json", "true", nil, ""},
		{"custom-commands", 500, "application/json", refusal("nosuch : Command not found"), nil, agent.CodeAgentRefused},
		{"mysql-error-log-tail", 200, "application/json", `"2026-11-22 16:11:18 0 [ERROR] Aborting\n"`, nil, ""},
		{"mysql-start", 200, "application/json", "true", nil, ""},
		{"mountlv", 500, "application/json", refusal("Unable to mount logical volume: empty volumeName"), nil, agent.CodeAgentRefused},
		{"umount", 200, "application/json", `{"Path":"","Device":"","LVPath":"","FileSystem":"","IsMounted":false,"DiskUsage":0}`, nil, ""},
	} {
		t.Run(a.call, func(t *testing.T) {
			everywhere(t, setup{v2: true}, func(t *testing.T, w *world) {
				w.target.Break(a.call, agentfake.Answer(a.status, a.kind, a.body))
				err := calls(t.Context(), w)[a.call]()
				if a.code == "" {
					must(t, err)
					return
				}
				wantOp(t, err, a.is, a.code, "")
				if a.is == nil && (errors.Is(err, agent.ErrUnreachable) || errors.Is(err, agent.ErrUnknownSeed)) {
					t.Errorf("%v is no refusal", err)
				}
			})
		})
	}
}

func TestFactsOfAnAgentOfOthersKeepWordsThatNobodyKnows(t *testing.T) {
	everywhere(t, setup{v2: true}, func(t *testing.T, w *world) {
		w.target.Change(func(d *agentapi.Data) {
			d.AvailiableSeedMethods["Rsync"] = agentapi.MethodOffer{BackupSide: "Left"}
			d.MySQLDatabases["x"] = agentapi.Database{Engines: []string{"Unheard"}}
		})
		d, err := w.client.Data(t.Context(), w.target.Host())
		must(t, err)
		if d.AvailiableSeedMethods["Rsync"].BackupSide != "Left" || d.MySQLDatabases["x"].Engines[0] != "Unheard" || d.AgentVersion != "" {
			t.Errorf("got %+v", d)
		}
	})
}
