package simulation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

// call is one call of the engine to something outside of it.
type call struct {
	to     string // "agent", "mysql" or "store"
	kind   string
	host   string
	seed   int64
	writes bool
}

func (c call) name(p *process) string {
	return p.name + " " + c.kind + " " + c.host + " " + digits(c.seed)
}

func digits(n int64) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return fmt.Sprint(n)
}

// fate is what becomes of a call.
type fate string

const (
	fine         fate = ""
	lost         fate = "it is lost on the way"
	answerLost   fate = "its answer is lost"
	late         fate = "it comes late"
	twice        fate = "it comes twice"
	refused      fate = "it is refused"
	permanent    fate = "it is refused for good"
	fails        fate = "the database fails"
	unclear      fate = "the database does it and fails"
	crashBefore  fate = "the service dies before it arrives"
	crashAfter   fate = "the service dies when it has arrived"
	agentRestart fate = "the agent restarts when it has arrived"
	agentForgets fate = "the agent restarts without its journal when it has arrived"
	abortNow     fate = "a person aborts the seed meanwhile"
	forceNow     fate = "a person aborts the seed by force meanwhile"
	boundNow     fate = "a person bounds the seed's bandwidth meanwhile"
)

// callTimeout is the total deadline of a call.
const callTimeout = 5 * time.Second

// fateOf decides; the draw goes on to say how and when.
func (p *process) fateOf(c call, d *draw) fate {
	w := p.w
	at := w.now()
	s := spot{at, c.name(p)}
	if w.seen != nil {
		w.seen(c, s)
	}
	if f, set := w.forced[s]; set {
		return f
	}
	w.mu.Lock()
	quiet := w.quiet
	w.mu.Unlock()
	if quiet || w.forced != nil {
		return fine
	}
	r := w.plan.rate
	var odds []odd
	switch c.to {
	case "store":
		odds = []odd{{r.storeFails, fails}, {r.crash, crashBefore}}
		if c.writes {
			odds = append(odds, odd{r.storeUnclear, unclear}, odd{r.crash, crashAfter})
		}
	case "mysql":
		odds = []odd{{r.lost, lost}, {r.answerLost, answerLost}, {r.mysqlFails, refused}, {r.mysqlPermanent, permanent}, {r.crash, crashAfter}}
	case "agent":
		odds = []odd{{r.lost, lost}, {r.answerLost, answerLost}, {r.late, late}, {r.twice, twice}, {r.refused, refused}, {r.crash, crashAfter},
			{r.agentRestart, agentRestart}, {r.agentForgets, agentForgets}, {r.person, abortNow}, {r.person, forceNow}, {5 * r.person, boundNow}}
	}
	return choose(d, odds)
}

type odd struct {
	perMille int
	fate     fate
}

func choose(d *draw, odds []odd) fate {
	x := d.below(1000)
	for _, o := range odds {
		if x < o.perMille {
			return o.fate
		}
		x -= o.perMille
	}
	return fine
}

// send carries a call to a host and its answer back. The effect happens at most once (or twice, if that is its fate), when
// the call arrives, be the caller still there or not; w.mu is held for it.
func (p *process) send(ctx context.Context, c call, effect func() error) error {
	if err := p.awake(c); err != nil {
		return err
	}
	w := p.w
	d := w.of(w.now(), p.name, c.kind, c.host, digits(c.seed))
	f := p.fateOf(c, &d)
	there, back := d.between(time.Millisecond, 30*time.Millisecond), d.between(time.Millisecond, 10*time.Millisecond)
	quick := d.one(2) // what is lost shows at once, or by the deadline
	delay := d.between(callTimeout+time.Second, 6*callTimeout)
	gone := d.one(2) // what is on its way when the caller goes away does not arrive
	if f == late {
		there += delay
	}
	p.meanwhile(c, f, &d)
	answer := make(chan error, 1)
	left := make(chan struct{}) // closed when the caller is gone
	w.carriers.Go(func() { p.carry(c, f, delivery{there, back, delay, gone, left}, effect, answer) })
	if (f == lost || f == answerLost) && quick {
		if err := p.sleep(ctx, c, there+back+time.Microsecond); err == nil {
			close(left)
			return unreachable(c, "connection reset by peer")
		}
	}
	timer := time.NewTimer(callTimeout)
	defer timer.Stop()
	var err error
	select {
	case err = <-answer:
	case <-timer.C:
		err = unreachable(c, "no answer within 5s")
	case <-ctx.Done():
		err = unreachable(c, ctx.Err().Error())
	case <-p.died:
		return p.gone(left)
	}
	if awake := p.awake(c); awake != nil {
		return p.gone(left)
	}
	close(left)
	return err
}

func (p *process) gone(left chan struct{}) error {
	close(left)
	return errKilled
}

type delivery struct {
	there, back, delay time.Duration
	mayMiss            bool
	left               <-chan struct{}
}

// meanwhile is a person who comes at this moment, to any node.
func (p *process) meanwhile(c call, f fate, d *draw) {
	a := act{kind: "abort", node: d.below(p.w.plan.nodes), nth: int(max(0, c.seed-1)), force: f == forceNow}
	switch f {
	case boundNow:
		a.kind = "bandwidth"
	case abortNow, forceNow:
	default:
		return
	}
	time.AfterFunc(d.between(time.Microsecond, 2*time.Millisecond), func() { p.w.act(a) })
}

// carry is the network and the host at its end.
func (p *process) carry(c call, f fate, v delivery, effect func() error, answer chan<- error) {
	w := p.w
	time.Sleep(v.there)
	select {
	case <-v.left:
		if v.mayMiss && f != late && f != twice {
			return
		}
		w.mu.Lock()
		w.messy = true
		w.mu.Unlock()
	default:
	}
	h := w.hosts[c.host]
	for c.to == "agent" && h.standsStill() {
		time.Sleep(v.there)
	}
	w.mu.Lock()
	heard := true
	select {
	case <-v.left: // while the agent stood still; it finds the command all the same
		w.messy, heard = true, false
	default:
	}
	err := p.arrive(c, f, h, effect)
	if k := h.seeds[c.seed]; k != nil && !heard {
		for _, work := range k.works {
			work.refused = false // nobody was told
		}
	}
	w.mu.Unlock()
	switch f {
	case crashBefore, crashAfter:
		p.die(string(f))
		return
	case lost, answerLost, late:
		return
	case twice:
		time.AfterFunc(v.delay, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.messy = true
			w.say(p.name, "-> %s %s seed %d comes a second time", c.host, c.kind, c.seed)
			if !w.over && !h.isDown() {
				_ = effect()
			}
		})
	}
	time.Sleep(v.back)
	answer <- err
}

// arrive is the moment in which a call has its effect; w.mu is held.
func (p *process) arrive(c call, f fate, h *host, effect func() error) (err error) {
	w := p.w
	if w.over {
		return errKilled
	}
	defer func() {
		said := "ok"
		if err != nil {
			said = err.Error()
		}
		w.say(p.name, "-> %s %s seed %d: %s%s", c.host, c.kind, c.seed, said, note(f))
	}()
	switch {
	case f == lost || f == crashBefore:
		return unreachable(c, "lost")
	case f == refused || f == permanent:
		return &agent.OpError{Code: "made-up", Op: c.kind, Host: c.host, Text: "refused by chance", Hint: "none", Permanent: f == permanent}
	case c.to == "agent" && h.isDown():
		return unreachable(c, "connection refused")
	case f == late || !p.leads():
		w.messy = true
	}
	h.settle()
	err = effect()
	if f == agentRestart || f == agentForgets {
		h.restart(f == agentForgets)
		return unreachable(c, "connection reset by peer")
	}
	return err
}

func note(f fate) string {
	if f == fine {
		return ""
	}
	return " (" + string(f) + ")"
}

func unreachable(c call, text string) error {
	return &agent.OpError{Code: agent.CodeAgentUnreachable, Op: c.kind, Host: c.host, Text: text, Hint: "see whether it runs", Err: agent.ErrUnreachable}
}

func unknownSeed(c string, host string) error {
	return &agent.OpError{Code: agent.CodeAgentForgot, Op: c, Host: host, Text: "seed is not known", Hint: "look at its log", Err: agent.ErrUnknownSeed}
}

var errDatabase = errors.New("made-up: the database does not answer")

// visit carries a call to the database.
func (p *process) visit(ctx context.Context, c call, effect func() error) error {
	if err := p.awake(c); err != nil {
		return err
	}
	w := p.w
	d := w.of(w.now(), p.name, c.kind, c.host, digits(c.seed))
	f := p.fateOf(c, &d)
	p.meanwhile(c, f, &d)
	if err := p.sleep(ctx, c, d.between(20*time.Microsecond, 2*time.Millisecond)); err != nil {
		return err
	}
	w.tell(p.name, "%s %s seed %d%s", c.kind, c.host, c.seed, note(f))
	switch f {
	case crashBefore:
		p.die(string(f))
		return errKilled
	case fails:
		w.tell(p.name, "%s seed %d %s: %s", c.kind, c.seed, c.host, f)
		return errDatabase
	}
	if w.databaseAway() {
		return errDatabase
	}
	err := effect()
	if f == unclear && err == nil {
		w.tell(p.name, "%s seed %d: %s", c.kind, c.seed, f)
		return errDatabase
	}
	if f == crashAfter {
		p.die(string(f))
		return errKilled
	}
	return err
}
