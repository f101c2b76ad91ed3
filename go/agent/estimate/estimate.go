package estimate

import (
	"math"
	"slices"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Seed is what an estimate is made of.
type Seed struct {
	Method agentapi.Method
	// Stage is the one that runs or is to be started next; Started is how long ago it was started, and Wait how long it will
	// still wait to be started.
	Stage         agentapi.Stage
	Started, Wait time.Duration
	// Bytes, Total and Rate are the stage's progress; bytes, or whatever it counts. 0 is unknown, but for Bytes.
	Bytes, Total, Rate int64
	SourceBytes        int64 // of the source's data on disk; 0 unknown
	Bandwidth          int64 // bound on the copy in bytes a second; 0 none
	// Took is how long the stages behind took, in seconds.
	Took map[agentapi.Stage]float64
	// Lag is the replica's delay, and Falls how much of it goes away in a second; Lag -1 and Falls 0 are unknown.
	Lag     int64
	Falls   float64
	Learned Learned
}

// Sure says how far an estimate can be relied on.
type Sure string

const (
	High   Sure = "high"   // a quarter up or down
	Medium Sure = "medium" // up to the double
	Low    Sure = "low"    // not more than an order of magnitude
)

// From says what a part's figure is based on.
type From string

const (
	Measured From = "measured" // by the stage's own progress
	Earlier  From = "learned"  // from earlier seeds by the method
	Default  From = "default"  // nothing better is known
)

// Part is one stage that is not over. Seconds, Low and High are what is left of it.
type Part struct {
	Stage              agentapi.Stage
	Name               string
	Seconds, Low, High float64
	From               From
}

// Estimate is the time left in seconds, with the range that it lies in.
type Estimate struct {
	Seconds, Low, High float64
	Sure               Sure
	Parts              []Part
}

// Left estimates the time to the seed's end; false when nothing is known that it could be made of.
func Left(s Seed) (Estimate, bool) {
	at := slices.Index(agentapi.Stages, s.Stage)
	if at < 0 || defaults[s.Method] == nil {
		return Estimate{}, false
	}
	if s.SourceBytes <= 0 && (s.Stage == agentapi.Prepare || s.Stage == agentapi.Backup) {
		return Estimate{}, false
	}
	took := map[agentapi.Stage]float64{}
	for stage, t := range s.Took {
		took[stage] = t
	}
	var e Estimate
	for i, stage := range agentapi.Stages[at:] {
		p := planned(s, stage, took)
		full := p.Seconds
		if i == 0 {
			p = current(s, p)
			full = p.Seconds + s.Started.Seconds()
		}
		took[stage] = full
		e.Parts = append(e.Parts, p)
		e.Seconds, e.Low, e.High = e.Seconds+p.Seconds, e.Low+p.Low, e.High+p.High
	}
	wait := s.Wait.Seconds()
	e.Seconds, e.Low, e.High = e.Seconds+wait, e.Low+wait, e.High+wait
	e.Sure = sureOf(e)
	return e, true
}

// Whole estimates a seed that was not started yet.
func Whole(method agentapi.Method, sourceBytes int64, learned Learned) (Estimate, bool) {
	return Left(Seed{Method: method, Stage: agentapi.Prepare, SourceBytes: sourceBytes, Learned: learned, Lag: -1})
}

func sureOf(e Estimate) Sure {
	width := e.High - e.Low
	switch {
	case width <= max(0.5*e.Seconds, 10):
		return High
	case width <= max(2*e.Seconds, 60):
		return Medium
	}
	return Low
}

// planned is a stage that has not begun. took is what each stage before it took, or is expected to take.
func planned(s Seed, stage agentapi.Stage, took map[agentapi.Stage]float64) Part {
	rate, from := rateOf(s, stage)
	amount := float64(s.SourceBytes) / gb
	if stage == agentapi.ConnectSlave {
		amount = behind(s.Method, took)
	}
	f := fixed[stage]
	p := Part{Stage: stage, Name: nameOf(s.Method, stage), From: from,
		Seconds: f + rate.Mid*amount, Low: f/2 + rate.Low*amount, High: 2*f + rate.High*amount}
	if stage == agentapi.Backup && s.Bandwidth > 0 {
		bounded := float64(s.SourceBytes) / float64(s.Bandwidth)
		p.Seconds, p.High = max(p.Seconds, bounded), max(p.High, bounded*1.1)
		p.Low = min(max(p.Low, bounded/3), p.Seconds) // a compressed copy is smaller on the line
	}
	return p
}

func rateOf(s Seed, stage agentapi.Stage) (Rate, From) {
	if r, ok := s.Learned[stage]; ok {
		return r, Earlier
	}
	if stage == agentapi.ConnectSlave {
		return catchUp, Default
	}
	return defaults[s.Method][stage], Default
}

// current is what is left of the stage that runs: by its own progress if that says something, else by its plan.
func current(s Seed, plan Part) Part {
	ran := s.Started.Seconds()
	if left, ok := moving(s, ran); ok && !early(s, ran, plan) {
		plan.From = Measured
		loose := 0.5 // of a rate that was just begun to be measured
		switch {
		case s.Stage != agentapi.ConnectSlave && s.Bytes < s.Total/100:
			loose = 0.25
		case ran >= 30:
			loose = 0.8
		}
		tail := fixed[s.Stage] / 2
		plan.Seconds, plan.Low, plan.High = left+tail, left*loose, left/loose+2*tail
		return plan
	}
	full := plan.Seconds
	plan.Seconds = max(full-ran, full/10)
	plan.Low = max(plan.Low-ran, 0)
	plan.High = max(plan.High-ran, plan.Seconds)
	if ran > full { // longer than planned: it may take as long again
		plan.High = max(plan.High, ran)
	}
	return plan
}

// early says whether the stage has only begun, so that its rate says nothing yet of the rest: tables are being made, say.
func early(s Seed, ran float64, plan Part) bool {
	return s.Stage != agentapi.ConnectSlave && s.Bytes < s.Total/100 && ran < max(60, plan.High/10)
}

// moving is the time that the progress of the stage says is left of it.
func moving(s Seed, ran float64) (seconds float64, known bool) {
	if s.Stage == agentapi.ConnectSlave {
		if s.Lag < 0 || s.Falls <= 0 {
			return 0, false
		}
		return float64(s.Lag) / s.Falls, true
	}
	total, rate := s.Total, float64(s.Rate)
	if s.Stage == agentapi.Backup && files[s.Method] && s.Bytes >= total && s.Bytes < s.SourceBytes/10*9 {
		total = s.SourceBytes // the agent doesn't know how much will come, or not any more
	}
	if total <= 0 || s.Bytes <= 0 {
		return 0, false
	}
	if rate <= 0 && ran > 0 {
		rate = float64(s.Bytes) / ran
	}
	if rate <= 0 {
		return 0, false
	}
	if s.Bytes >= total { // the total was a guess: what is past it is a tenth as a rule
		return math.Min(ran/20, 60), true
	}
	return float64(total-s.Bytes) / rate, true
}
