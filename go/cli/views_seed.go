package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

// codeAborted is the ErrorCode of a seed that a person ended.
const codeAborted = "aborted"

// seedList shows seeds as a table.
func seedList(p *page, seeds []seedapi.Seed) {
	if len(seeds) == 0 {
		p.line(faint, "no seeds")
		return
	}
	var rows [][]string
	for _, s := range seeds {
		rows = append(rows, []string{
			strconv.FormatInt(s.SeedID, 10), s.TargetHostname, s.SourceHostname, string(s.SeedMethod),
			string(s.Stage), string(s.Status), seedNow(s, p), p.time(s.StartTimestamp), seedTook(s, p),
		})
	}
	p.table([]string{">id", "target", "source", "method", "stage", "status", "progress", "started", ">took"}, rows)
}

// seedNow is what there is to know of a seed in a few words.
func seedNow(s seedapi.Seed, p *page) string {
	switch {
	case s.Held:
		return "held for " + p.left(s.HeldUntil)
	case s.Status == agentapi.Failed && s.ErrorCode == codeAborted:
		return codeAborted
	case s.Status == agentapi.Error && !s.NotBefore.IsZero():
		return "retry " + p.time(s.NotBefore)
	case client.Live(s):
		return amountWords(s.Progress)
	}
	return ""
}

func seedTook(s seedapi.Seed, p *page) string {
	end := s.EndTimestamp
	if end.IsZero() {
		end = p.now
	}
	if s.StartTimestamp.IsZero() || end.Before(s.StartTimestamp) {
		return ""
	}
	return formatDuration(end.Sub(s.StartTimestamp))
}

// seedDetails shows one seed with all that is known of it.
func seedDetails(p *page, s seedapi.Seed) {
	retry, held, lag := "", "", ""
	if s.Status == agentapi.Error && !s.NotBefore.IsZero() {
		retry = p.time(s.NotBefore)
	}
	if s.Held {
		held = "for another " + p.left(s.HeldUntil) + ": agent-retry-seed goes on with it, agent-release-seed lets go of it"
	}
	if s.Stage == agentapi.ConnectSlave && s.ReplicaLagSeconds >= 0 {
		lag = fmt.Sprintf("%d s", s.ReplicaLagSeconds)
	}
	p.pairs([][2]string{
		{"Seed", strconv.FormatInt(s.SeedID, 10)},
		{"Target", s.TargetHostname},
		{"Source", s.SourceHostname},
		{"Method", fmt.Sprintf("%s, backup runs on the %s", s.SeedMethod, strings.ToLower(string(s.BackupSide)))},
		{"Stage", fmt.Sprintf("%s (%d of %d)", s.Stage, stageNumber(s.Stage), len(agentapi.Stages))},
		{"Status", string(s.Status)},
		{"Progress", progressWords(s)},
		{"Time left", leftWords(s.Estimate)},
		{"Bandwidth", bandwidthWords(s)},
		{"Old data", s.OldDataText},
		{"Replica lag", lag},
		{"Retries", strconv.Itoa(s.Retries)},
		{"Next try", retry},
		{"Started", p.time(s.StartTimestamp)},
		{"Ended", p.time(s.EndTimestamp)},
		{"Took", seedTook(s, p)},
		{"Error", s.ErrorText},
		{"Error code", s.ErrorCode},
		{"Hint", s.Hint},
		{"Held", held},
	})
	if len(s.Hosts) == 0 {
		return
	}
	p.line(normal, "")
	hostTable(p, s)
}

// hostTable shows both sides; what their agents say only while the seed lives.
func hostTable(p *page, s seedapi.Seed) {
	heads := []string{"host", "side", "stage", "unreachable", "release", "release error"}
	if client.Live(s) {
		heads = []string{"host", "side", "stage", "unreachable", "says"}
	}
	var rows [][]string
	for _, h := range s.Hosts {
		away := ""
		if !h.UnreachableSince.IsZero() {
			away = "for " + formatDuration(p.now.Sub(h.UnreachableSince))
		}
		row := []string{h.Hostname, string(h.Side), string(h.StageStatus), away}
		if client.Live(s) {
			row = append(row, h.Details)
		} else {
			row = append(row, h.Release, h.ReleaseError)
		}
		rows = append(rows, row)
	}
	p.table(heads, rows)
}

// progressWords is the progress of a live stage: bytes, rate, time left, what is done.
func progressWords(s seedapi.Seed) string {
	if !client.Live(s) {
		return ""
	}
	var parts []string
	for _, w := range []string{
		amountWords(s.Progress),
		rateWords(s.Progress),
		etaWords(s.Progress),
		s.Progress.What,
	} {
		if w != "" {
			parts = append(parts, w)
		}
	}
	return strings.Join(parts, ", ")
}

func rateWords(p seedapi.Progress) string {
	if p.BytesPerSecond <= 0 {
		return ""
	}
	if !countsBytes(p) {
		return fmt.Sprintf("%d %s/s", p.BytesPerSecond, p.Unit)
	}
	return formatRate(p.BytesPerSecond)
}

// countsBytes says whether the progress is in bytes, of whatever.
func countsBytes(p seedapi.Progress) bool { return p.Unit == "" || strings.HasSuffix(p.Unit, "bytes") }

// amountWords are how far the stage is, in what it counts.
func amountWords(p seedapi.Progress) string {
	switch {
	case p.Unit == "":
		return formatProgress(p.Bytes, p.Total)
	case p.Bytes <= 0 && p.Total <= 0:
		return ""
	case countsBytes(p):
		return fmt.Sprintf("%s %s", formatProgress(p.Bytes, p.Total), p.Unit)
	case p.Total > 0:
		return fmt.Sprintf("%d of %d %s (%d%%)", p.Bytes, p.Total, p.Unit, percent(p.Bytes, p.Total))
	}
	return fmt.Sprintf("%d %s", p.Bytes, p.Unit)
}

// leftWords are the time left of the whole seed, with its range and what it consists of.
func leftWords(e *seedapi.Estimate) string {
	if e == nil {
		return ""
	}
	var parts []string
	for _, p := range e.Parts {
		parts = append(parts, p.Name+" "+formatSeconds(p.Seconds))
	}
	return fmt.Sprintf("about %s (%s to %s, how sure: %s): %s", formatSeconds(e.SecondsLeft), formatSeconds(e.Low), formatSeconds(e.High),
		e.Sure, strings.Join(parts, ", "))
}

func bandwidthWords(s seedapi.Seed) string {
	if s.Bandwidth < 0 || !client.Live(s) {
		return ""
	}
	return boundWords(s.Bandwidth)
}

func formatSeconds(n int64) string { return formatDuration(time.Duration(n) * time.Second) }

func etaWords(p seedapi.Progress) string {
	if p.BytesPerSecond <= 0 || p.Total <= 0 {
		return ""
	}
	return formatETA(p.ETASeconds)
}

// stageNumber counts from 1; 0 for an unknown stage.
func stageNumber(stage agentapi.Stage) int {
	for i, s := range agentapi.Stages {
		if s == stage {
			return i + 1
		}
	}
	return 0
}

// stateList shows a seed's history.
func stateList(p *page, states []seedapi.SeedStageState) {
	if len(states) == 0 {
		p.line(faint, "no history")
		return
	}
	var rows [][]string
	for _, st := range states {
		rows = append(rows, stateRow(p, st))
	}
	p.table([]string{"when", "stage", "host", "status", "details"}, rows)
}

func stateRow(p *page, st seedapi.SeedStageState) []string {
	details := st.Details
	if st.Repeats > 1 {
		details += fmt.Sprintf(" (%d times)", st.Repeats)
	}
	return []string{p.time(st.Timestamp), string(st.Stage), st.Hostname, string(st.Status), details}
}

// checkList shows the checks before a seed.
func checkList(p *page, checks []seedapi.Check) {
	var rows [][]string
	fails, warns := 0, 0
	for _, c := range checks {
		switch c.Result {
		case "fail":
			fails++
		case "warn":
			warns++
		}
		hint := c.Hint
		if c.Result == "pass" {
			hint = ""
		}
		rows = append(rows, []string{c.Result, c.Name, c.Found, c.Needed, hint})
	}
	p.table([]string{"result", "check", "found", "needed", "what to do"}, rows)
	switch {
	case fails > 0:
		p.line(red, fmt.Sprintf("%d of %d checks refuse this seed", fails, len(checks)))
	case warns > 0:
		p.line(yellow, fmt.Sprintf("this seed can be started; %d of %d checks warn", warns, len(checks)))
	default:
		p.line(green, "this seed can be started")
	}
}
