package agentfake

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Call is one call that reached the agent.
type Call struct {
	HTTPMethod string
	Name       string      // first segment after /api/: "backup"
	Path       string      // after /api/, as it was sent: "backup/1/Mysqldump/src1/3306"
	Args       []string    // the segments after Name, unescaped
	Query      url.Values  // without the token
	SeedID     int64       // 0 when the path names none
	Stage      agent.Stage // of a start, poll or abort; else ""
	Attempt    int64       // 0 when it was not sent
	Body       []byte
	Terms      *agentapi.SeedTerms // of a start; nil when none were sent
	At         time.Time

	TokenInQuery  bool // ?token= was there
	TokenInHeader bool // X-Agent-Token was there
	tokenWrong    bool
}

// String is the path with the attempt, for failure messages.
func (c Call) String() string {
	if c.Attempt != 0 {
		return c.Path + "?attempt=" + strconv.FormatInt(c.Attempt, 10)
	}
	return c.Path
}

// matches says whether the call is "backup", "seed-stage-state/Backup" (name and stage), its full path, or any ("").
func (c Call) matches(match string) bool {
	return match == "" || match == c.Name || match == c.Path || match == c.Name+"/"+string(c.Stage)
}

// startOf are the calls that start a stage.
var startOf = map[string]agent.Stage{
	"prepare": agentapi.Prepare, "backup": agentapi.Backup, "restore": agentapi.Restore, "cleanup": agentapi.Cleanup,
}

func (a *Agent) parse(r *http.Request, body []byte) (Call, bool) {
	escaped := r.URL.EscapedPath()
	_, path, found := strings.Cut(escaped, "/api/")
	if !found {
		return Call{}, false
	}
	c := Call{HTTPMethod: r.Method, Path: path, Query: r.URL.Query(), Body: body, At: a.opts.Now()}
	for i, seg := range strings.Split(path, "/") {
		text, err := url.PathUnescape(seg)
		if err != nil {
			return Call{}, false
		}
		if i == 0 {
			c.Name = text
			continue
		}
		c.Args = append(c.Args, text)
	}
	tokens := append(slices.Clone(c.Query["token"]), r.Header.Values(agentapi.HeaderToken)...)
	c.TokenInQuery, c.TokenInHeader = c.Query.Has("token"), r.Header.Get(agentapi.HeaderToken) != ""
	c.tokenWrong = !slices.Contains(tokens, a.opts.Token)
	if a.opts.V2 {
		c.tokenWrong = c.Query.Get("token") != a.opts.Token
	}
	c.Query.Del("token")
	if terms, ok := termsOf(r); ok {
		c.Terms = terms
	}
	c.Attempt, _ = strconv.ParseInt(c.Query.Get(agentapi.QueryAttempt), 10, 64)
	if len(c.Args) > 0 {
		c.SeedID, _ = strconv.ParseInt(c.Args[0], 10, 64)
	}
	switch {
	case startOf[c.Name] != "":
		c.Stage = startOf[c.Name]
	case (c.Name == "seed-stage-state" || c.Name == "abort-seed-stage") && len(c.Args) > 1:
		c.Stage = agent.Stage(c.Args[1])
	}
	return c, true
}

// Calls are the calls so far that match ("backup", "seed-stage-state/Backup", a whole path, or "" for all), oldest first.
func (a *Agent) Calls(match string) []Call {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(a.calls), func(c Call) bool { return !c.matches(match) })
}

// ForgetCalls drops all that was noted of calls and starts so far, and Forget's besides: a run of many seeds needs no more
// memory than one.
func (a *Agent) ForgetCalls() {
	a.Forget()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls, a.freed, a.doubled = nil, nil, nil
	clear(a.starts)
}

// Count is how many calls matched so far.
func (a *Agent) Count(match string) int { return len(a.Calls(match)) }

// Paths are the paths of all calls, for comparing whole conversations.
func (a *Agent) Paths() []string {
	var paths []string
	for _, c := range a.Calls("") {
		paths = append(paths, c.Path)
	}
	return paths
}

// Starts is how often the stage was really started for that attempt; repeated calls that our agents recognise do not
// count. Agents of others know no attempts: they count under attempt 0.
func (a *Agent) Starts(seedID int64, stage agent.Stage, attempt int64) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.starts[start{seedID, stage, attempt}]
}

// DoubleStarts is how often a stage was started while it ran, by a caller that did not find out first.
func (a *Agent) DoubleStarts() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.doubled)
}
