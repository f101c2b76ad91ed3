package xtrabackup_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/datadir"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/xtrabackup"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// standIn builds the stand-in under these names and puts it first in PATH.
func standIn(t testing.TB, names ...string) {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.Command("go", "build", "-o", filepath.Join(dir, names[0]), "./testdata/standin").CombinedOutput()
	if err != nil {
		t.Fatalf("build the stand-in: %v\n%s", err, out)
	}
	for _, name := range names[1:] {
		if err := os.Link(filepath.Join(dir, names[0]), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	methodtest.Path(t, dir)
}

// pretending is a server that says it is of another version.
type pretending struct {
	xtrabackup.Servers
	version string
}

func (p pretending) Server(context.Context, *sql.DB) (host.Server, error) {
	return host.ParseServer(p.version)
}

// looking is a keeper that leaves the copy where it arrived.
type looking struct {
	xtrabackup.Keeper
	dir string
}

func (k looking) Begin(context.Context, *method.Work, int64) (*datadir.Place, error) {
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return nil, err
	}
	return k.Place(nil)
}

func (k looking) Place(*method.Work) (*datadir.Place, error) {
	return &datadir.Place{Receive: k.dir, Keeps: true}, nil
}
func (k looking) Swap(context.Context, *method.Work) error    { return nil }
func (k looking) PutBack(context.Context, *method.Work) error { return os.RemoveAll(k.dir) }
func (k looking) Drop(context.Context, *method.Work) error    { return os.RemoveAll(k.dir) }

// calls are the argument lists that stand-ins were called with, with what differs from run to run made equal.
func calls(t *testing.T, file string) []string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var args []string
		if err := json.Unmarshal(lines.Bytes(), &args); err != nil {
			t.Fatal(err)
		}
		all = append(all, varying.ReplaceAllString(strings.Join(args, " "), "${1}X"))
	}
	slices.Sort(all) // the two ends run side by side
	return all
}

var varying = regexp.MustCompile(`(--(?:defaults-file|target-dir|tmpdir|open-files-limit|use-memory)=|-C )\S+`)

func TestArgumentListsFitEachVersionOfXtrabackup(t *testing.T) {
	standIn(t, "xtrabackup", "xbstream")
	const (
		older   = "--defaults-file=X --backup --stream=xbstream --target-dir=X --tmpdir=X --parallel=3 --open-files-limit=X --no-version-check --check-privileges --throttle=900"
		newer   = "--defaults-file=X --backup --stream=xbstream --target-dir=X --tmpdir=X --parallel=3 --open-files-limit=X --check-privileges --throttle=900"
		prepare = "--prepare --target-dir=X --use-memory=X --open-files-limit=X"
	)
	for _, v := range []struct {
		tool, server string
		kind         sandbox.Kind
		compressed   bool
		want         []string
	}{
		{"2.4", "5.6.24-log", sandbox.MySQL56, false, []string{older, prepare, "-x -C X --parallel=3"}},
		{"2.4", "5.7.44", sandbox.MySQL56, true, []string{"--decompress --target-dir=X --parallel=3 --remove-original", older, prepare, "-x -C X --parallel=3"}},
		{"8.0", "8.0.36", sandbox.MySQL97, true, []string{older, prepare, "-x -C X --parallel=3 --decompress --decompress-threads=3"}},
		{"8.4", "8.4.5", sandbox.MySQL97, false, []string{newer, prepare, "-x -C X --parallel=3 --decompress --decompress-threads=3"}},
		{"9.7", "9.7.0", sandbox.MySQL97, false, []string{newer, prepare, "-x -C X --parallel=3 --decompress --decompress-threads=3"}},
	} {
		t.Run(v.tool+" on "+v.server, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "calls")
			t.Setenv("STANDIN_AS", v.tool)
			t.Setenv("STANDIN_ARGS", file)
			if v.compressed {
				t.Setenv("STANDIN_COMPRESS", "1")
			}
			received := filepath.Join(t.TempDir(), "received")
			w := newWorld(t, options{
				server: sandbox.Options{Kind: v.kind}, extra: []string{"--parallel=3", "--throttle=900"},
				keeper: func(real xtrabackup.Keeper) xtrabackup.Keeper { return looking{real, received} },
				change: func(o *xtrabackup.Options, _ agentapi.Side) { o.Servers = pretending{o.Servers, v.server} },
			})
			w.seed()
			if got := calls(t, file); !slices.Equal(got, v.want) {
				t.Errorf("called with\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(v.want, "\n"))
			}
			at, err := w.tgt.m.Metadata(t.Context(), w.tgt.work)
			want := agentapi.Metadata{LogFile: "binlog.000007", LogPos: 1234,
				GtidExecuted: "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,4e11fa47-71ca-11e1-9e33-c80aa9429562:1-77"}
			if err != nil || at != want {
				t.Errorf("position is %+v, %v", at, err)
			}
			left, err := os.ReadDir(received)
			if err != nil || len(left) != 2 || left[0].Name() != "ibdata1" || left[1].Name() != "shop" {
				t.Errorf("the copy holds %v, %v; want ibdata1 and shop", left, err)
			}
			w.release()
			w.nothingLeft()
		})
	}
}
