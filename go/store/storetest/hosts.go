package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

var hostTests = []test{
	{"HostComesBackAsItWasSaved", testHostComesBack, core},
	{"FactsOfAnAgentThatRegisteredAnewAreRefused", testHostFacts, core},
	{"SeenHostIsTouched", testTouch, core},
	{"HostsDueAreTheLongestUnchecked", testHostsDue, core},
	{"HostsAreReadByNameTogether", testHostsNamed, core},
	{"HostsAreFilteredAndPagedByCluster", testHostFilter, whole},
	{"NamesAreFoundByPrefix", testNames, whole},
	{"ForgottenAreOnlyUnseenHostsWithoutWork", testForget, whole},
	{"AttributesAreSetAndFound", testAttributes, whole},
}

func testHostComesBack(t *testing.T, b Backend) {
	_, err := b.Host(t.Context(), "a")
	wantErr(t, err, agent.ErrNotFound)
	h := NewHost("a")
	h.ClusterAlias, h.MySQLVersion, h.LastError = "shop", "10.11.6-MariaDB", "it's gone"
	must(t, b.SaveHost(t.Context(), h))
	wantHost(t, b, h)
	h.Data, h.ClusterAlias, h.LastSeen, h.Info.Token, h.Status = nil, "", time.Time{}, "another", agent.HostInactive
	must(t, b.SaveHost(t.Context(), h))
	wantHost(t, b, h)
}

func wantHost(t *testing.T, b Backend, h *agent.Host) {
	t.Helper()
	read, err := b.Host(t.Context(), h.Info.Hostname)
	must(t, err)
	expect := *h
	expect.LastChecked, expect.LastSeen = expect.LastChecked.UTC(), expect.LastSeen.UTC()
	if diff := cmp.Diff(&expect, read); diff != "" {
		t.Fatalf("host (-,+):\n%s", diff)
	}
}

func testHostFacts(t *testing.T, b Backend) {
	h := NewHost("a")
	wantErr(t, b.SaveHostFacts(t.Context(), h), agent.ErrConflict)
	must(t, b.SaveHost(t.Context(), h))
	h.Data = &agentapi.Data{OsName: "other"}
	h.ClusterAlias, h.LastChecked = "shop", T0.Add(time.Hour)
	must(t, b.SaveHostFacts(t.Context(), h))
	must(t, b.SaveHostFacts(t.Context(), h)) // the same again is no conflict
	wantHost(t, b, h)

	late := *h
	late.Info.Token, late.ClusterAlias = "an older one", "wrong"
	wantErr(t, b.SaveHostFacts(t.Context(), &late), agent.ErrConflict)
	wantHost(t, b, h)

	down := *h
	down.Data, down.Status, down.LastError = nil, agent.HostInactive, "no route"
	must(t, b.SaveHostFacts(t.Context(), &down))
	down.Data = h.Data // what was known stays known
	wantHost(t, b, &down)
}

func testTouch(t *testing.T, b Backend) {
	h := NewHost("a")
	wantErr(t, b.TouchHost(t.Context(), "a", T0), agent.ErrNotFound)
	must(t, b.SaveHost(t.Context(), h))
	must(t, b.TouchHost(t.Context(), "a", T0))
	h.LastSeen = T0.Add(time.Hour)
	must(t, b.TouchHost(t.Context(), "a", h.LastSeen))
	wantHost(t, b, h)
}

func testHostsDue(t *testing.T, b Backend) {
	for i, name := range []string{"newest", "middle", "oldest", "never"} {
		h := NewHost(name)
		h.LastChecked = T0.Add(-time.Duration(i) * time.Hour)
		if name == "never" {
			h.LastChecked = time.Time{}
		}
		must(t, b.SaveHost(t.Context(), h))
	}
	dead := NewHost("dead")
	dead.LastChecked, dead.Status = T0.Add(-time.Hour), agent.HostInactive
	must(t, b.SaveHost(t.Context(), dead))
	due, err := b.HostsDue(t.Context(), agent.HostActive, T0, 10)
	must(t, err)
	wantSlice(t, "due", hostNames(due), []string{"never", "oldest", "middle"})
	due, err = b.HostsDue(t.Context(), agent.HostActive, T0, 2)
	must(t, err)
	wantSlice(t, "first two", hostNames(due), []string{"never", "oldest"})
	due, err = b.HostsDue(t.Context(), agent.HostInactive, T0, 10)
	must(t, err)
	wantSlice(t, "due of those that do not answer", hostNames(due), []string{"dead"})
}

func testHostsNamed(t *testing.T, b Backend) {
	var names []string
	for i := range 5 {
		names = append(names, fmt.Sprint("h", i))
		h := NewHost(names[i])
		h.Data.Abilities, h.Data.SeedPort = []string{agentapi.AbilityAttempts}, 21234
		must(t, b.SaveHost(t.Context(), h))
	}
	for range 2000 { // more than fit one statement's list
		names = append(names, fmt.Sprint("unknown", len(names)))
	}
	named, err := b.HostsNamed(t.Context(), append(names[2:], "h4"))
	must(t, err)
	got := hostNames(named)
	slices.Sort(got)
	wantSlice(t, "known ones", got, []string{"h2", "h3", "h4"})
	want(t, "what calls depend on", named[0].Data.Has(agentapi.AbilityAttempts) && named[0].Data.SeedPort == 21234, true)
	want(t, "token", named[0].Info.Token, "token-of-"+named[0].Info.Hostname)
	named, err = b.HostsNamed(t.Context(), nil)
	must(t, err)
	want(t, "of none", len(named), 0)
}

func testHostFilter(t *testing.T, b Backend) {
	for name, cluster := range map[string]string{"d": "a-shop", "a": "b-shop", "c": "b-shop", "b": ""} {
		h := NewHost(name)
		h.ClusterAlias = cluster
		if name == "c" {
			h.Status = agent.HostInactive
			h.LastChecked = T0.Add(time.Minute)
		}
		must(t, b.SaveHost(t.Context(), h))
	}
	for what, c := range map[string]struct {
		f    agent.HostFilter
		want []string
	}{
		"all":             {agent.HostFilter{}, []string{"b", "d", "a", "c"}},
		"name":            {agent.HostFilter{Hostname: "a"}, []string{"a"}},
		"cluster":         {agent.HostFilter{ClusterAlias: "b-shop"}, []string{"a", "c"}},
		"status":          {agent.HostFilter{Status: agent.HostInactive}, []string{"c"}},
		"cluster, status": {agent.HostFilter{ClusterAlias: "b-shop", Status: agent.HostActive}, []string{"a"}},
		"since":           {agent.HostFilter{ChangedSince: T0.Add(time.Second)}, []string{"c"}},
		"since all":       {agent.HostFilter{ChangedSince: T0}, []string{"b", "d", "a", "c"}},
		"second page":     {agent.HostFilter{Limit: 3, Offset: 3}, []string{"c"}},
	} {
		hosts, err := b.Hosts(t.Context(), c.f)
		must(t, err)
		wantSlice(t, what, hostNames(hosts), c.want)
	}
}

func testNames(t *testing.T, b Backend) {
	for _, name := range []string{"db2", "db1", "d_b", "web"} {
		h := NewHost(name)
		h.ClusterAlias = "Shop"
		if name == "web" {
			h.ClusterAlias = ""
		}
		must(t, b.SaveHost(t.Context(), h))
	}
	for prefix, expect := range map[string][]string{"": {"d_b", "db1", "db2", "web"}, "DB": {"db1", "db2"}, "d_": {"d_b"}, "%": nil, "db1x": nil} {
		got, err := b.HostNames(t.Context(), prefix)
		must(t, err)
		wantSlice(t, "hosts "+prefix, got, expect)
	}
	for prefix, expect := range map[string][]string{"": {"Shop"}, "sh": {"Shop"}, "hop": nil} {
		got, err := b.ClusterAliases(t.Context(), prefix)
		must(t, err)
		wantSlice(t, "clusters "+prefix, got, expect)
	}
}

func testForget(t *testing.T, b Backend) {
	unseen := func(name string) {
		h := NewHost(name)
		h.LastSeen = T0.Add(-10 * time.Hour)
		must(t, b.SaveHost(t.Context(), h))
	}
	for _, name := range []string{"gone2", "gone1", "in-active-seed", "its-source", "releasing", "ended"} {
		unseen(name)
	}
	must(t, b.SaveHost(t.Context(), NewHost("seen")))
	create(t, b, "in-active-seed", "its-source")
	s := create(t, b, "other", "releasing")
	s.Engine.Hosts[agentapi.Source] = &agent.HostState{Release: agent.ReleasePending}
	s = move(t, b, s, agentapi.Failed)
	move(t, b, create(t, b, "ended", "seen"), agentapi.Completed)

	gone, err := b.ForgetHosts(t.Context(), T0.Add(-time.Hour))
	must(t, err)
	wantSlice(t, "forgotten", gone, []string{"ended", "gone1", "gone2"})
	left, err := b.HostNames(t.Context(), "")
	must(t, err)
	wantSlice(t, "left", left, []string{"in-active-seed", "its-source", "releasing", "seen"})

	s.Engine.Hosts[agentapi.Source].Release = agent.ReleaseGivenUp
	move(t, b, s, agentapi.Failed)
	gone, err = b.ForgetHosts(t.Context(), T0.Add(-time.Hour))
	must(t, err)
	wantSlice(t, "forgotten after the release", gone, []string{"releasing"})
}

func testAttributes(t *testing.T, b Backend) {
	must(t, b.SetHostAttribute(t.Context(), "a", "role", "master"))
	must(t, b.SetHostAttribute(t.Context(), "a", "role", "replica of ż"))
	must(t, b.SetHostAttribute(t.Context(), "b", "role", "backup"))
	must(t, b.SetHostAttribute(t.Context(), "b", "rack", "replica"))
	for match, expect := range map[string][]string{"": {"a", "b"}, "REPL": {"a"}, "^backup$": {"b"}, "^ackup": nil} {
		got, err := b.HostAttributes(t.Context(), "role", match)
		must(t, err)
		var hosts []string
		for _, a := range got {
			hosts = append(hosts, a.Host)
			if a.Name != "role" || a.SubmittedAt.IsZero() {
				t.Fatalf("got %+v", a)
			}
		}
		wantSlice(t, "match "+match, hosts, expect)
	}
	_, err := b.HostAttributes(t.Context(), "role", "(")
	wantErr(t, err, agent.ErrBadInput)
}
