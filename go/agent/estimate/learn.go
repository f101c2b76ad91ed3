package estimate

import (
	"slices"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Rate is what a stage takes: seconds for each GB (10^9 bytes) of the source's data on disk; in ConnectSlave, seconds for
// each second that the copy is behind when it begins.
type Rate struct {
	Mid, Low, High float64
	Seeds          int `json:",omitempty"` // from how many seeds; 0: a default
}

// Learned is what earlier seeds by one method took, by stage.
type Learned map[agentapi.Stage]Rate

// Past is a completed seed: the source's bytes on disk, and the seconds that each stage took.
type Past struct {
	Bytes int64
	Took  map[agentapi.Stage]float64
}

// leastBehind is how far behind a copy has to be for its catching up to say something, in seconds.
const leastBehind = 10

// Learn makes rates for a seed of that size out of completed seeds by the same method. Seeds that were more than ten times
// smaller say nothing of it.
func Learn(method agentapi.Method, bytes int64, past []Past) Learned {
	samples := map[agentapi.Stage][]float64{}
	for _, p := range past {
		if p.Bytes <= 0 || p.Bytes < bytes/10 {
			continue
		}
		for stage, took := range p.Took {
			amount := float64(p.Bytes) / gb
			if stage == agentapi.ConnectSlave {
				amount = behind(method, p.Took)
			}
			if took < 0 || amount <= 0 || stage == agentapi.ConnectSlave && amount < leastBehind {
				continue
			}
			samples[stage] = append(samples[stage], max(0, took-fixed[stage])/amount)
		}
	}
	learned := Learned{}
	for stage, s := range samples {
		slices.Sort(s)
		r := Rate{Mid: s[len(s)/2], Low: s[0], High: s[len(s)-1], Seeds: len(s)}
		if len(s) < 3 { // one or two seeds are no range
			r.Low, r.High = r.Low/1.5, r.High*1.5
		}
		learned[stage] = r
	}
	return learned
}

// behind is how old the position of a copy is when it is connected, in seconds: the tool notes it at the begin of its
// backup, at its end, or when the snapshot is taken.
func behind(method agentapi.Method, took map[agentapi.Stage]float64) float64 {
	switch method {
	case agentapi.Xtrabackup, agentapi.ClonePlugin:
		return took[agentapi.Restore]
	}
	return took[agentapi.Backup] + took[agentapi.Restore]
}
