package imports

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/orchestrator-seed/orchestrator-seed/"

// rule says what a package may import of ours, and which libraries only it may import.
type rule struct {
	pkg string // a package and everything below it
	// only lists all of ours that it may import ("" alone: nothing of ours); nil: no bound.
	only []string
	// never lists what of ours it must not import.
	never []string
}

var rules = []rule{
	{pkg: "go/agentapi", only: []string{}},
	{pkg: "go/seedapi", only: []string{"go/agentapi"}},
	{pkg: "go/inst", only: []string{"go/agentapi", "go/inst"}},
	{pkg: "go/agent", only: []string{"go/agentapi", "go/inst", "go/agent"}},
	{pkg: "go/store", only: []string{"go/agent", "go/agentapi", "go/inst", "go/store"}},
	{pkg: "go/agentclient", only: []string{"go/agent", "go/agentapi", "go/inst", "go/agentclient"}},
	{pkg: "go/client", only: []string{"go/agentapi", "go/seedapi", "go/client"}},
	{pkg: "go/cli", only: []string{"go/agentapi", "go/seedapi", "go/client", "go/cli"}},
	{pkg: "go/http", never: []string{"go/store", "go/app", "go/agentd", "go/client", "go/cli"}},
	{pkg: "go/agentd", never: []string{"go/agent", "go/store", "go/http", "go/app", "go/inst", "go/client", "go/cli"}},
	{pkg: "go/config", only: []string{"go/config"}},
	{pkg: "go/leader", only: []string{"go/agent", "go/agentapi", "go/inst", "go/leader"}},
	{pkg: "go/metrics", only: []string{"go/agent", "go/agentapi", "go/inst", "go/metrics"}},
}

// only these packages of ours may import the library.
var libraries = map[string][]string{
	"github.com/mattn/go-sqlite3":         {"go/store", "tests/bench"}, // the benchmark counts its statements
	"github.com/go-sql-driver/mysql":      {"go/store", "go/inst", "go/agentd/host", "go/sandbox", "tests"},
	"github.com/go-martini/martini":       {"go/embed"},
	"github.com/openark/golib":            {"go/embed"},
	"github.com/prometheus/client_golang": {"go/metrics"},
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, module)
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("go list found %d packages only", len(all))
	}
	return all
}

func within(path, pkg string) bool { return path == pkg || strings.HasPrefix(path, pkg+"/") }

func TestPackagesImportOnlyDownwards(t *testing.T) {
	for _, p := range packages(t) {
		for _, r := range rules {
			if !within(p.ImportPath, r.pkg) {
				continue
			}
			for _, full := range p.Imports {
				imported, ours := strings.CutPrefix(full, module)
				if !ours {
					continue
				}
				below := func(allowed string) bool { return within(imported, allowed) }
				if r.only != nil && !slices.ContainsFunc(r.only, below) {
					t.Errorf("%s imports %s; it may import %v", p.ImportPath, imported, r.only)
				}
				if slices.ContainsFunc(r.never, below) {
					t.Errorf("%s must not import %s", p.ImportPath, imported)
				}
			}
		}
	}
}

func TestLibrariesStayWhereTheyBelong(t *testing.T) {
	for _, p := range packages(t) {
		for _, imported := range p.Imports {
			for library, homes := range libraries {
				in := func(home string) bool { return within(p.ImportPath, home) }
				if within(imported, library) && !slices.ContainsFunc(homes, in) {
					t.Errorf("%s imports %s, which only %v may", p.ImportPath, imported, homes)
				}
			}
		}
	}
}
