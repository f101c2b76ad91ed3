package inst

import (
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
	// fetchSlack is how many bytes of binary log a replica that is close behind its source may have yet to fetch.
	fetchSlack = 16 << 20
)

// Gate judges a replica: it passes when both threads run without error, it has fetched what the source has written, and its
// lag is below the threshold; it waits, no longer than CatchUp, as long as the lag keeps falling to new lows.
func Gate(s ReplicaState, m GateMemory, now time.Time, p GatePolicy) Judgement {
	if m.Since.IsZero() {
		m = GateMemory{Since: now, LowestLag: -1, LowestAt: now}
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
	case s.LagSeconds < 0 || !s.Fetched():
		if late || waited >= stallTime && s.LagSeconds < 0 {
			return Judgement{Verdict: GateFailed, Code: CodeLag, Text: fmt.Sprintf("the replica has not fetched the source's binary log within %v", waited.Round(time.Second)), Hint: hintLag}
		}
		return Judgement{Verdict: GateWaiting, Text: "the replica fetches the source's binary log"}
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

// Fetched says whether the replica has read the source's binary log, but for a little, up to where the source stood when
// it was looked at. Until then a lag of 0 says nothing: the lag counts from what has been fetched.
func (s *ReplicaState) Fetched() bool {
	if s.SourceNowFile == "" {
		return true // the source could not be asked
	}
	if s.SourceLogFile == s.SourceNowFile {
		return s.ReadPos+fetchSlack >= s.SourceNowPos
	}
	return s.SourceLogFile != "" && compareFiles(s.SourceLogFile, s.SourceNowFile) > 0
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
