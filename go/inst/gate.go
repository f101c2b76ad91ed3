package inst

import (
	"cmp"
	"fmt"
	"time"
)

// Verdict is what Gate says of a new replica.
type Verdict string

const (
	GatePassed    Verdict = "passed"    // it replicates and is close behind its source
	GateWaiting   Verdict = "waiting"   // ask again
	GateFailed    Verdict = "failed"    // connecting again may help
	GatePermanent Verdict = "permanent" // only a person can help
)

// Judgement is a verdict with its reason. Code, Text and Hint are as in Error; Text is also set while waiting.
type Judgement struct {
	Verdict Verdict
	Code    string
	Text    string
	Hint    string
	Memory  GateMemory // to be given to the next call
}

// GateMemory is what must be kept between two looks at one replica. LowestLag is in seconds, -1 as long as none was seen.
// The zero value is that of a first look.
type GateMemory struct {
	Since     time.Time // when the gate was first asked
	LowestLag int64
	LowestAt  time.Time // when the lag last became lower than it had ever been
	// GoalFile and GoalPos are where the source wrote when it was first seen: the replica passes only when it has applied
	// this much. Before, a lag of 0 says nothing: it counts from what has been fetched, and no error has had time to show.
	GoalFile string
	GoalPos  int64
}

// GatePolicy are the gate's limits.
type GatePolicy struct {
	Threshold time.Duration // a replica that is less behind has passed
	CatchUp   time.Duration // how long it may take to come to that
}

const (
	// stallTime is how long a lag may go without a new low, or a replica without its source, within CatchUp.
	stallTime = 10 * time.Minute
	// startTime is what threads get to begin.
	startTime = 30 * time.Second
)

// Gate judges a replica: it passes when both threads run without error, it has applied what the source had written when the
// gate was first asked, and its lag is below the threshold; it waits, no longer than CatchUp, as long as the lag keeps
// falling to new lows. It is pure; between two calls the judgement's Memory is kept.
func Gate(s ReplicaState, m GateMemory, now time.Time, p GatePolicy) Judgement {
	if m.Since.IsZero() {
		m = GateMemory{Since: now, LowestLag: -1, LowestAt: now}
	}
	if m.GoalFile == "" {
		m.GoalFile, m.GoalPos = s.SourceNowFile, s.SourceNowPos
	}
	if j, bad := JudgeErrors(s); bad {
		j.Memory = m
		return j
	}
	if s.LagSeconds >= 0 && (m.LowestLag < 0 || s.LagSeconds < m.LowestLag) {
		m.LowestLag, m.LowestAt = s.LagSeconds, now
	}
	j := judgeProgress(s, m, now, p)
	j.Memory = m
	return j
}

func judgeProgress(s ReplicaState, m GateMemory, now time.Time, p GatePolicy) Judgement {
	waited := now.Sub(m.Since)
	stalled := now.Sub(m.LowestAt)
	late := waited >= p.CatchUp
	switch {
	case s.IOState == "No" || s.IOState == "" || !s.SQLRunning:
		if waited < startTime {
			return Judgement{Verdict: GateWaiting, Text: "replication threads are starting"}
		}
		return Judgement{Verdict: GateFailed, Code: CodeReplication,
			Text: fmt.Sprintf("replication threads do not run (IO: %s, SQL: %s) and show no error", orNo(s.IOState), yesNo(s.SQLRunning)),
			Hint: "see whether someone stopped replication on the target, and its MySQL error log"}
	case !s.IORunning:
		return judgeConnecting(s, waited, p)
	case s.LagSeconds < 0 || s.LagSeconds == 0 && !s.reached(m, waited):
		if late || waited >= stallTime && s.LagSeconds < 0 {
			return Judgement{Verdict: GateFailed, Code: CodeLag, Hint: hintLag,
				Text: fmt.Sprintf("after %v the replica has not applied what the source had written at the beginning", waited.Round(time.Second))}
		}
		return Judgement{Verdict: GateWaiting, Text: "the replica fetches and applies the source's binary log"}
	case !s.reached(m, waited) && !late:
		return Judgement{Verdict: GateWaiting, Text: fmt.Sprintf("the replica catches up: %d s behind", s.LagSeconds)}
	case time.Duration(s.LagSeconds)*time.Second < p.Threshold || s.LagSeconds == 0:
		return Judgement{Verdict: GatePassed, Text: fmt.Sprintf("replicates with a lag of %d s", s.LagSeconds)}
	case late || stalled >= stallTime:
		return Judgement{Verdict: GateFailed, Code: CodeLag, Hint: hintLag,
			Text: fmt.Sprintf("the replica is %d s behind after %v, and was never less than %d s behind", s.LagSeconds, waited.Round(time.Second), m.LowestLag)}
	}
	return Judgement{Verdict: GateWaiting, Text: fmt.Sprintf("the replica catches up: %d s behind", s.LagSeconds)}
}

// judgeConnecting is about a thread that has no connection to its source yet, or has lost it.
func judgeConnecting(s ReplicaState, waited time.Duration, p GatePolicy) Judgement {
	text := "the replica connects to its source"
	if s.LastIOError != "" {
		text = fmt.Sprintf("the replica can't reach its source: error %d: %s", s.LastIOErrno, s.LastIOError)
	}
	if waited < min(stallTime, p.CatchUp) {
		return Judgement{Verdict: GateWaiting, Code: "", Text: text}
	}
	return Judgement{Verdict: GateFailed, Code: CodeReplication, Text: text,
		Hint: fmt.Sprintf("check that %s can be reached from the target", Address{Host: s.SourceHost, Port: s.SourcePort})}
}

const hintLag = "the replica applies more slowly than the source writes: see its disk and CPU, its number of parallel threads and innodb_flush_log_at_trx_commit; replication goes on, so that the seed can be retried later"

// reached says whether the replica has applied the binary log up to the goal. One that has fetched that much and has
// nothing left to apply counts too after a while: what the source leaves out is not always counted as applied.
func (s *ReplicaState) reached(m GateMemory, waited time.Duration) bool {
	if m.GoalFile == "" || s.appliedTo(m.GoalFile, m.GoalPos) {
		return true
	}
	return waited >= startTime && s.LagSeconds == 0 && notBefore(s.SourceLogFile, s.ReadPos, m.GoalFile, m.GoalPos)
}

func (s *ReplicaState) appliedTo(file string, pos int64) bool {
	return notBefore(s.ExecLogFile, s.ExecPos, file, pos)
}

// notBefore compares two positions in a source's binary logs, which are numbered at their end; nothing is before no file.
func notBefore(file string, pos int64, goalFile string, goalPos int64) bool {
	if file == "" {
		return false
	}
	return cmp.Or(cmp.Compare(len(file), len(goalFile)), cmp.Compare(file, goalFile), cmp.Compare(pos, goalPos)) >= 0
}

func orNo(s string) string {
	if s == "" {
		return "No"
	}
	return s
}

func yesNo(b bool) string {
	if b {
		return "Yes"
	}
	return "No"
}
