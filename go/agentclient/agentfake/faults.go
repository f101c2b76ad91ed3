package agentfake

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Fault is what goes wrong with a call. The zero value is no fault. The agent does what the call asks for only if Do is
// set or the fault is nothing but a delay.
type Fault struct {
	Wait    time.Duration // before anything else
	Do      bool          // the agent does what was asked all the same
	Hang    bool          // no answer until the caller or the agent is gone
	Reset   bool          // the connection is reset without an answer
	Status  int           // with Type and Body: this answer instead
	Type    string        // content type
	Body    []byte
	Cut     bool // the answer (or Body) breaks off in the middle
	Endless bool // the body never ends, byte by byte
	Edit    func(body []byte) []byte
}

// Delay answers as it should, later.
func Delay(d time.Duration) Fault { return Fault{Wait: d, Do: true} }

// Hang never answers.
func Hang() Fault { return Fault{Hang: true} }

// Reset breaks the connection; nothing is done.
func Reset() Fault { return Fault{Reset: true} }

// LoseAnswer does what was asked and breaks the connection before answering.
func LoseAnswer() Fault { return Fault{Reset: true, Do: true} }

// Refuse answers with an agent's error.
func Refuse(text string) Fault { return RefuseWith(agentapi.APIResponse{Message: text}) }

// RefuseWith answers with an agent's error of our kind (code, hint, permanent).
func RefuseWith(said agentapi.APIResponse) Fault {
	said.Code = "ERROR"
	return Fault{Status: http.StatusInternalServerError, Type: typeJSON, Body: toJSON(said)}
}

// Answer answers with that.
func Answer(status int, contentType, body string) Fault {
	return Fault{Status: status, Type: contentType, Body: []byte(body)}
}

// HTML answers with a page, status 200, as a proxy in between would.
func HTML() Fault {
	return Answer(200, "text/html", "<!DOCTYPE html><html><body><h1>It works!</h1></body></html>")
}

// BadJSON answers with something that is almost JSON.
func BadJSON() Fault { return Answer(200, typeJSON, `{"SeedID":1,"Stage":"Prep`) }

// EmptyObject answers {}.
func EmptyObject() Fault { return Answer(200, typeJSON, `{}`) }

// UnknownWord does what was asked and answers with another word where a status or "Started" should stand.
func UnknownWord() Fault {
	return Fault{Do: true, Edit: func(body []byte) []byte {
		for _, word := range []string{"Running", "Completed", "Error", "Started", "killed"} {
			if i := bytes.LastIndex(body, []byte(`"`+word+`"`)); i >= 0 {
				return slices.Concat(body[:i], []byte(`"Dozing"`), body[i+len(word)+2:])
			}
		}
		return []byte("Dozing")
	}}
}

// Huge answers with 10 MB.
func Huge() Fault {
	return Fault{Status: 200, Type: typeJSON, Body: bytes.Repeat([]byte(`"0123456`), 10<<20/8)}
}

// CutBody does what was asked, and the answer breaks off in the middle.
func CutBody() Fault { return Fault{Do: true, Cut: true} }

// Endless sends a body that never ends.
func Endless() Fault { return Fault{Endless: true} }

// rule says which calls a fault befalls.
type rule struct {
	match string
	skip  int // calls that match and pass first
	left  int // calls that it befalls; negative: all
	fault Fault
}

// Break makes every call that matches (as in Calls) go wrong until Mend.
func (a *Agent) Break(match string, f Fault) { a.addRule(rule{match: match, left: -1, fault: f}) }

// BreakNext makes the next n calls that match go wrong.
func (a *Agent) BreakNext(match string, n int, f Fault) {
	a.addRule(rule{match: match, left: n, fault: f})
}

// BreakNth makes the nth call from now on that matches go wrong, counted from 1.
func (a *Agent) BreakNth(match string, n int, f Fault) {
	a.addRule(rule{match: match, skip: n - 1, left: 1, fault: f})
}

// Mend takes away every fault that was set for exactly that match; "" takes away all.
func (a *Agent) Mend(match string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rules = slices.DeleteFunc(a.rules, func(r *rule) bool { return match == "" || r.match == match })
}

func (a *Agent) addRule(r rule) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rules = append(a.rules, &r)
}

// faultFor finds the fault for a call; later rules come first. It needs the lock.
func (a *Agent) faultFor(c Call) Fault {
	var hit *rule
	for _, r := range slices.Backward(a.rules) {
		if !c.matches(r.match) || r.left == 0 {
			continue
		}
		if r.skip > 0 {
			r.skip--
			continue
		}
		if hit == nil {
			hit = r
		}
	}
	if hit == nil {
		return Fault{Do: true}
	}
	if hit.left > 0 {
		hit.left--
	}
	return hit.fault
}

func toJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // only our own values come here
	}
	return text
}
