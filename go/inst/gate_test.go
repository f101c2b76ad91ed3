package inst

import (
	"strings"
	"testing"
	"time"
)

var (
	gateBegan  = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	gatePolicy = GatePolicy{Threshold: 10 * time.Second, CatchUp: time.Hour}
)

// running is a replica whose threads run and that has fetched everything.
func running(lag int64) ReplicaState {
	return ReplicaState{SourceHost: "src1", SourcePort: 3306, IORunning: true, SQLRunning: true, IOState: "Yes", LagSeconds: lag,
		SourceLogFile: "binlog.000002", ReadPos: 500, ExecLogFile: "binlog.000002", ExecPos: 500, SourceNowFile: "binlog.000002", SourceNowPos: 500}
}

func withIO(state string, number int, text string) ReplicaState {
	s := running(-1)
	s.IORunning, s.IOState, s.LastIOErrno, s.LastIOError, s.SourceLogFile = state == "Yes", state, number, text, ""
	return s
}

func withSQL(number int, text string) ReplicaState {
	s := running(-1)
	s.SQLRunning, s.LastSQLErrno, s.LastSQLError = false, number, text
	return s
}

func TestGateJudgesWhatAReplicaShows(t *testing.T) {
	behind := running(0)
	behind.SourceLogFile, behind.ReadPos, behind.ExecLogFile, behind.ExecPos = "binlog.000001", 4, "binlog.000001", 4
	notYet := running(0)
	notYet.SourceLogFile, notYet.ExecLogFile = "", ""
	fetched := running(0)
	fetched.ExecPos = 499
	ahead := running(0)
	ahead.ExecLogFile, ahead.ExecPos = "binlog.000003", 4
	unasked := behind
	unasked.SourceNowFile = ""
	stopped := running(-1)
	stopped.SQLRunning = false
	for _, c := range []struct {
		name  string
		state ReplicaState
		after time.Duration
		want  Verdict
		code  string
		hint  string
	}{
		{"in step", running(0), 0, GatePassed, "", ""},
		{"just below the threshold", running(9), 0, GatePassed, "", ""},
		{"at the threshold", running(10), 0, GateWaiting, "", ""},
		{"fetched and about to be applied", fetched, 0, GateWaiting, "", ""},
		{"fetched with nothing left to apply", fetched, time.Minute, GatePassed, "", ""},
		{"a file further than the source was", ahead, 0, GatePassed, "", ""},
		{"lag 0 with files still to fetch", behind, 0, GateWaiting, "", ""},
		{"lag 0 before the first event", notYet, 0, GateWaiting, "", ""},
		{"source that could not be asked", unasked, 0, GatePassed, "", ""},
		{"files still to fetch when the time is over", behind, time.Hour, GateFailed, CodeLag, "more slowly"},
		{"lag unknown", running(-1), 0, GateWaiting, "", ""},
		{"starting", withIO("No", 0, ""), time.Second, GateWaiting, "", ""},
		{"preparing", withIO("Preparing", 0, ""), time.Second, GateWaiting, "", ""},
		{"connecting", withIO("Connecting", 0, ""), time.Minute, GateWaiting, "", ""},
		{"connecting, refused", withIO("Connecting", 2003, "error connecting to master"), time.Minute, GateWaiting, "", ""},
		{"connecting, name unknown", withIO("Connecting", 2005, "Unknown MySQL server host"), time.Minute, GateWaiting, "", ""},
		{"connecting for too long", withIO("Connecting", 2003, "error connecting to master"), 11 * time.Minute, GateFailed, CodeReplication, "src1:3306"},
		{"gave up connecting", withIO("No", 2003, "error connecting to master"), time.Minute, GateFailed, CodeReplication, "gave up"},
		{"an error nobody knows, still trying", withIO("Connecting", 4711, "?"), time.Minute, GateWaiting, "", ""},
		{"an error nobody knows", withIO("No", 4711, "?"), time.Minute, GateFailed, CodeReplication, "mend"},
		{"stopped by someone", withIO("No", 0, ""), time.Minute, GateFailed, CodeReplication, "stopped replication"},
		{"SQL thread stopped by someone", stopped, time.Minute, GateFailed, CodeReplication, "stopped replication"},
		{"purged", withIO("No", 1236, "Got fatal error 1236 from master when reading data from binary log: 'Could not find first log file name in binary log index file'"), 0, GatePermanent, CodePurged, "kept longer"},
		{"purged, MySQL 9", withIO("No", 13114, "Got fatal error 1236 from source when reading data from binary log: 'Cannot replicate because the source purged required binary logs.'"), 0, GatePermanent, CodePurged, "kept longer"},
		{"twin", withIO("No", 1236, "... A slave with the same server_uuid/server_id as this slave has connected to the master"), 0, GatePermanent, CodeReplication, "one of its own"},
		{"same server", withIO("No", 1593, "Fatal error: The slave I/O thread stops because master and slave have equal MySQL server ids"), 0, GatePermanent, CodeReplication, "server_id"},
		{"wrong password", withIO("Connecting", 1045, "error connecting to master 'repl@src1:3306'"), 0, GateFailed, CodeReplCredential, "ReplicationCredentialsQuery"},
		{"no right", withIO("No", 1044, "denied"), 0, GateFailed, CodeReplCredential, "REPLICATION SLAVE"},
		{"needs TLS", withIO("Connecting", 3159, "secure transport"), 0, GateFailed, CodeReplCredential, "require_secure_transport"},
		{"needs the key", withIO("Connecting", 2061, "Authentication requires secure connection."), 0, GateFailed, CodeReplCredential, "public key"},
		{"duplicate", withSQL(1062, "Duplicate entry '2' for key 'PRIMARY'"), 0, GatePermanent, CodeDrift, "seed again"},
		{"row not found", withSQL(1032, "Can't find record in 't'"), 0, GatePermanent, CodeDrift, "seed again"},
		{"disk full", withSQL(1021, "Disk full"), 0, GateFailed, CodeReplication, "mend"},
		{"old error of a thread that runs again", func() ReplicaState { s := running(0); s.LastIOErrno = 2003; return s }(), 0, GatePassed, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := Gate(c.state, GateMemory{Since: gateBegan, LowestLag: -1, LowestAt: gateBegan}, gateBegan.Add(c.after), gatePolicy)
			if j.Verdict != c.want || j.Code != c.code || !strings.Contains(j.Hint, c.hint) || j.Text == "" {
				t.Errorf("%+v", j)
			}
			if (j.Verdict == GateFailed || j.Verdict == GatePermanent) && j.Hint == "" {
				t.Errorf("no hint: %+v", j)
			}
		})
	}
}

// walk looks once a minute and returns the first verdict that ends it, and after how many minutes.
func walk(lag func(minute int) int64) (Judgement, int) {
	var m GateMemory
	for minute := 0; ; minute++ {
		j := Gate(running(lag(minute)), m, gateBegan.Add(time.Duration(minute)*time.Minute), gatePolicy)
		if j.Verdict != GateWaiting {
			return j, minute
		}
		m = j.Memory
	}
}

func TestGateWaitsAsLongAsTheLagKeepsFalling(t *testing.T) {
	for _, c := range []struct {
		name   string
		lag    func(int) int64
		want   Verdict
		minute int
	}{
		{"falls to the threshold", func(m int) int64 { return int64(600 - 20*m) }, GatePassed, 30},
		{"falls unevenly", func(m int) int64 { return int64(600 - 20*m + 50*(m%3)) }, GatePassed, 30},
		{"falls too slowly", func(m int) int64 { return int64(6000 - 20*m) }, GateFailed, 60},
		{"stays", func(int) int64 { return 600 }, GateFailed, 10},
		{"grows", func(m int) int64 { return int64(600 + m) }, GateFailed, 10},
		{"falls, then stays", func(m int) int64 { return int64(max(600-20*m, 300)) }, GateFailed, 25},
	} {
		t.Run(c.name, func(t *testing.T) {
			j, minute := walk(c.lag)
			if j.Verdict != c.want || minute != c.minute {
				t.Errorf("after %d minutes: %+v", minute, j)
			}
		})
	}
}
