package client_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/client/clientfake"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a fake service and a client of it.
func world(t *testing.T, o client.Options) (context.Context, *clientfake.Service, *client.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	s := service(t)
	if o.API == "" {
		o.API = s.URL()
	}
	c, err := client.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return ctx, s, c
}

func service(t *testing.T) *clientfake.Service {
	t.Helper()
	s, err := clientfake.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// ask does a call whose answer does not matter.
func ask[T any](ctx context.Context, t *testing.T, c *client.Client, k client.Call[T]) {
	t.Helper()
	_, err := k.Do(ctx, c)
	if e := new(client.Error); err != nil && !errors.As(err, &e) {
		t.Error(err)
	}
}

func TestEveryPathIsAskedAsTheServiceKnowsIt(t *testing.T) {
	ctx, s, c := world(t, client.Options{})
	page := 2
	ask(ctx, t, c, client.Agents(client.AgentFilter{ClusterAlias: "shop", Page: &page}))
	ask(ctx, t, c, client.AgentsHosts("db"))
	ask(ctx, t, c, client.AgentsStatuses("a"))
	ask(ctx, t, c, client.ClustersAliases("s"))
	ask(ctx, t, c, client.Agent("db1"))
	ask(ctx, t, c, client.AgentData("::1"))
	ask(ctx, t, c, client.UpdateAgent("db1"))
	ask(ctx, t, c, client.MySQLStart("db1"))
	ask(ctx, t, c, client.MySQLStop("db1"))
	ask(ctx, t, c, client.MySQLErrorLog("db1"))
	ask(ctx, t, c, client.Mount("db1", "/dev/vg0/a b"))
	ask(ctx, t, c, client.Unmount("db1"))
	ask(ctx, t, c, client.CreateSnapshot("db1"))
	ask(ctx, t, c, client.RemoveLV("db1", "/dev/vg0/s"))
	ask(ctx, t, c, client.CustomCommand("db1", "a/b?c#d"))
	ask(ctx, t, c, client.Seeds(client.SeedFilter{Target: "db2"}))
	ask(ctx, t, c, client.StartSeed(agentapi.Mysqldump, "db2", "db1"))
	ask(ctx, t, c, client.CheckSeed(agentapi.Mysqldump, "db2", "db1"))
	ask(ctx, t, c, client.SeedsStatuses(""))
	ask(ctx, t, c, client.ActiveSeeds("db1"))
	ask(ctx, t, c, client.RecentSeeds("db1"))
	ask(ctx, t, c, client.FailedSeeds())
	ask(ctx, t, c, client.SeedDetails(7))
	ask(ctx, t, c, client.SeedStates(7))
	ask(ctx, t, c, client.AbortSeed(7, false))
	ask(ctx, t, c, client.AbortSeed(7, true))
	ask(ctx, t, c, client.RetrySeed(7))
	ask(ctx, t, c, client.ReleaseSeed(7))
	ask(ctx, t, c, client.SeedBandwidth(7, 50<<20))
	ask(ctx, t, c, client.ProcessSeeds())
	ask(ctx, t, c, client.Audit(nil))
	ask(ctx, t, c, client.Status())
	ask(ctx, t, c, client.Health())
	ask(ctx, t, c, client.LBCheck())
	ask(ctx, t, c, client.LeaderCheck())
	want := []string{
		"GET agents?clusteralias=shop&page=2",
		"GET agents-hosts?hostname=db",
		"GET agents-statuses?status=a",
		"GET clusters-aliases?clusteralias=s",
		"GET agent/db1",
		"GET agent-data/::1",
		"POST agent-update/db1",
		"POST agent-mysql-start/db1",
		"POST agent-mysql-stop/db1",
		"GET agent-mysql-error-log/db1",
		"POST agent-mount/db1?lv=%2Fdev%2Fvg0%2Fa+b",
		"POST agent-umount/db1",
		"POST agent-create-snapshot/db1",
		"POST agent-removelv/db1?lv=%2Fdev%2Fvg0%2Fs",
		"POST agent-custom-command/db1/a%2Fb%3Fc%23d",
		"GET seeds?targethostname=db2",
		"POST agent-seed/Mysqldump/db2/db1",
		"GET agent-seed-check/Mysqldump/db2/db1",
		"GET seeds-statuses",
		"GET agent-active-seeds/db1",
		"GET agent-recent-seeds/db1",
		"GET agents-failed-seeds",
		"GET agent-seed-details/7",
		"GET agent-seed-states/7",
		"POST agent-abort-seed/7",
		"POST agent-abort-seed/7?force=true",
		"POST agent-retry-seed/7",
		"POST agent-release-seed/7",
		"POST agent-seed-bandwidth/7/52428800",
		"POST process-seeds",
		"GET audit",
		"GET status",
		"GET health",
		"GET lb-check",
		"GET leader-check",
	}
	if diff := cmp.Diff(want, s.Requests()); diff != "" {
		t.Error(diff)
	}
}

func TestNamesThatWouldWalkThePathAreRefusedUnasked(t *testing.T) {
	ctx, s, c := world(t, client.Options{})
	for _, host := range []string{"", ".", ".."} {
		if _, err := client.Agent(host).Do(ctx, c); err == nil {
			t.Errorf("%q was taken for a host", host)
		}
	}
	if r := s.Requests(); len(r) > 0 {
		t.Errorf("the service was asked: %v", r)
	}
}

func TestErrorsOfTheServiceAndOfTheWayToItAreToldApart(t *testing.T) {
	ctx, s, c := world(t, client.Options{Timeout: 5 * time.Second})
	s.Set("GET agent/refused", clientfake.Answer{Status: 500, Body: `{"Code":"ERROR","Message":"The target is busy.","Details":null,"ErrorCode":"busy","Hint":"wait"}`})
	s.Set("GET agent/proxy", clientfake.Answer{Status: 502, Body: `<html>Bad Gateway</html>`})
	s.Set("GET agent/page", clientfake.Answer{Body: `<html>welcome</html>`})
	s.Set("GET agent/cut", clientfake.Answer{Body: `{"Info":{"Hostname":`})
	s.Set("GET agent/other", clientfake.Answer{Body: `["something"]`})
	s.Set("GET agent/moved", clientfake.Answer{Status: 302})
	s.Set("GET leader-check", clientfake.Answer{Status: 404, Body: `"Not leader"`})

	_, err := client.Agent("refused").Do(ctx, c)
	var e *client.Error
	if !errors.As(err, &e) || *e != (client.Error{Status: 500, Message: "The target is busy.", Hint: "wait", ErrorCode: "busy"}) {
		t.Errorf("an error of the service came as %#v", err)
	}
	_, err = client.LeaderCheck().Do(ctx, c)
	if !errors.As(err, &e) || e.Status != http.StatusNotFound || e.Message != "Not leader" {
		t.Errorf("a follower's answer came as %#v", err)
	}
	for _, host := range []string{"proxy", "page", "cut", "other", "moved"} {
		if _, err := client.Agent(host).Do(ctx, c); !client.IsUnreachable(err) {
			t.Errorf("%s: %v is not told as the service's absence", host, err)
		}
	}
	s.Stop()
	if _, err = client.Agent("db1").Do(ctx, c); !client.IsUnreachable(err) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("a closed port gives %v", err)
	}
}

func TestTheLeaderOfSeveralIsUsedAndFoundAgainWhenItIsGone(t *testing.T) {
	first, second := service(t), service(t)
	first.Set("GET leader-check", clientfake.Answer{Status: 404, Body: `"Not leader"`})
	second.Set("GET leader-check", clientfake.Answer{Body: `"OK"`})
	for _, s := range []*clientfake.Service{first, second} {
		s.Set("GET agents-hosts", clientfake.Answer{Body: `["` + s.URL() + `"]`})
	}
	ctx, _, c := world(t, client.Options{API: first.URL() + "/api, " + second.URL() + "/"})

	for range 2 {
		hosts, err := client.AgentsHosts("").Do(ctx, c)
		if err != nil || hosts[0] != second.URL() {
			t.Fatalf("asked %v (%v), the leader is %s", hosts, err, second.URL())
		}
	}
	second.Stop()
	if _, err := client.AgentsHosts("").Do(ctx, c); !client.IsUnreachable(err) {
		t.Fatalf("a leader that is gone gives %v", err)
	}
	if _, err := client.AgentsHosts("").Do(ctx, c); !client.IsUnreachable(err) || !strings.Contains(err.Error(), "none of them leads") {
		t.Fatalf("without a leader: %v", err)
	}
	first.Set("GET leader-check", clientfake.Answer{Body: `"OK"`})
	hosts, err := client.AgentsHosts("").Do(ctx, c)
	if err != nil || hosts[0] != first.URL() {
		t.Fatalf("asked %v (%v), the leader is %s now", hosts, err, first.URL())
	}
}

func TestCredentialsAreSentAndNeverSaid(t *testing.T) {
	ctx, s, c := world(t, client.Options{AuthUser: "ann", AuthPassword: "s3cret, with spaces"})
	s.User, s.Password = "ann", "s3cret, with spaces"
	s.Set("GET agents-hosts", clientfake.Answer{Body: `[]`})
	if _, err := client.AgentsHosts("").Do(ctx, c); err != nil {
		t.Fatal(err)
	}
	for _, api := range []string{"http://ann:s3cret@host:3000", "http://ann:s3cret@ho st%zz", "http://ann:s3cret@[::1"} {
		if _, err := client.New(client.Options{API: api}); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", api, err)
		}
	}
}

func TestURLsOfTheServiceAreReadAsPeopleWriteThem(t *testing.T) {
	for _, bad := range []string{"", " , ", "ftp://host", "http://", "http://host?x=1", "http://host/#top"} {
		if c, err := client.New(client.Options{API: bad}); err == nil {
			c.Close()
			t.Errorf("%q was taken for a URL of the service", bad)
		}
	}
	s := service(t)
	s.Set("GET agents-hosts", clientfake.Answer{Body: `[]`})
	for _, good := range []string{s.URL(), s.URL() + "/", s.URL() + "/api", s.URL() + "/api/", strings.TrimPrefix(s.URL(), "http://")} {
		ctx, _, c := world(t, client.Options{API: good})
		if _, err := client.AgentsHosts("").Do(ctx, c); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}

func TestACallThatIsCancelledIsNotAServiceThatIsAway(t *testing.T) {
	ctx, s, c := world(t, client.Options{})
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	_, err := client.Agent("db1").Do(ctx, c)
	if !errors.Is(err, context.Canceled) || client.IsUnreachable(err) {
		t.Errorf("%v; asked %v", err, s.Requests())
	}
}
