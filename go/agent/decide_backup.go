package agent

import (
	"slices"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// peerCodes are errors by which one end of a stream says that the other end failed: never the whole story.
var peerCodes = []string{"peer-failed", "peer-away", "peer-late", "peer-refused", "stream-cut"}

// peerPatience is how long a stage whose only error blames the other side waits for what that side has to say.
const peerPatience = 10 * time.Second

// stageProblem is what one side reported.
type stageProblem struct {
	side Side
	Problem
}

func (p stageProblem) blamesPeer() bool { return slices.Contains(peerCodes, p.Code) }

// judgeProblems fails the stage with the error that tells most: one that does not blame the other side, if there is such a
// one. While that is missing, the other side gets a moment to report its own.
func (d *decider) judgeProblems(problems []stageProblem) {
	root := problems[0]
	for _, p := range problems {
		if !p.blamesPeer() {
			root = p
			break
		}
	}
	if root.blamesPeer() && len(problems) < len(Participants(d.before)) && d.mayStillTell(root.side) {
		es := &d.seed.Engine
		if es.PeerBlamedAt.IsZero() {
			es.PeerBlamedAt = d.now
			d.row(d.seed.Host(root.side), agentapi.Error, withHint(root.Problem))
		}
		if d.now.Sub(es.PeerBlamedAt) < peerPatience {
			return
		}
	}
	for _, p := range problems {
		if told := p.blamesPeer() && !d.before.Engine.PeerBlamedAt.IsZero(); p != root && !told {
			d.row(d.seed.Host(p.side), agentapi.Error, withHint(p.Problem))
		}
	}
	d.failStage(EventStageFailed, root.Problem, d.seed.Host(root.side))
}

// mayStillTell says whether the side that is not this one has not ended its part.
func (d *decider) mayStillTell(side Side) bool {
	for _, other := range Participants(d.before) {
		if other != side && d.host(other).Stage == agentapi.Running {
			return true
		}
	}
	return false
}

func withHint(p Problem) string {
	if p.Hint == "" {
		return p.Text
	}
	return p.Text + " Hint: " + p.Hint
}

// measures says whether the stage's progress is what that side counts. Where both ends of a stream count, the receiving
// end's figures are those that matter; the sender's stand in until there are any.
func (d *decider) measures(side Side) bool {
	if d.seed.Stage != agentapi.Backup || !d.seed.Engine.TargetReceives || side == agentapi.Target {
		return true
	}
	r := d.obs.Reports[agentapi.Target]
	if r.State != nil {
		return r.State.Progress == nil
	}
	return d.host(agentapi.Target).Stage == agentapi.Completed
}

// toCome gives what the receiving end counts the total of the sender, which knows better how much it will send.
func (d *decider) toCome(p agentapi.Progress) agentapi.Progress {
	if d.seed.Stage != agentapi.Backup || !d.seed.Engine.TargetReceives {
		return p
	}
	if st := d.obs.Reports[agentapi.Source].State; st != nil && st.Progress != nil && st.Progress.Total > 0 {
		p.Total = max(st.Progress.Total, p.Bytes)
	} else if known := d.seed.Engine.Progress.Total; known > 0 { // the sender is done, or away
		p.Total = max(known, p.Bytes)
	}
	return p
}

// lastWords takes in what sides said before they were told to end a failed stage. An error of their own is the reason for
// one by which the other side only blamed them.
func (d *decider) lastWords() {
	for _, side := range agentapi.Sides {
		st := d.obs.Reports[side].Last
		if st == nil {
			continue
		}
		p := d.state(side, st)
		if p == nil {
			continue
		}
		d.row(d.seed.Host(side), agentapi.Error, withHint(*p))
		if heard := (stageProblem{side, *p}); !heard.blamesPeer() && (stageProblem{Problem: d.seed.Problem}).blamesPeer() {
			d.seed.Problem = *p
		}
	}
}
