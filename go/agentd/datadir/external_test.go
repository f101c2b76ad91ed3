package datadir

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// TestTablesElsewhereOnRealMariaDB: the old data has such a table where the new one's would go, and the source's own place
// is taken by the source, which is on the same host.
func TestTablesElsewhereOnRealMariaDB(t *testing.T) {
	for name, taken := range map[string]bool{"the source's place is free here": false, "it is another server's": true} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			d := newTarget(t, sandbox.MariaDB)
			ssd := t.TempDir()
			d.exec("CREATE TABLE app.x (who VARCHAR(20) PRIMARY KEY) ENGINE=InnoDB DATA DIRECTORY='"+ssd+"'", "INSERT app.x VALUES ('old')",
				"CREATE TABLE app.m (who VARCHAR(20)) ENGINE=MyISAM DATA DIRECTORY='"+ssd+"'", "INSERT app.m VALUES ('old')")
			other := t.TempDir()
			table := "CREATE TABLE app.x (who VARCHAR(20) PRIMARY KEY) ENGINE=InnoDB DATA DIRECTORY='" + other + "'"
			data := newData(t, sandbox.MariaDB, table, "INSERT app.x VALUES ('new')")
			flatten(t, data)
			place := ssd
			if taken {
				place = other
				put(t, filepath.Join(other, "app", "x.ibd"), "another server's")
			} else { // as if the source had its table where the target has its own
				must(t, os.WriteFile(filepath.Join(data, "app", "x.isl"), []byte(filepath.Join(ssd, "app", "x.ibd")), 0o600))
			}
			d.begin()
			d.copyFrom(data)
			d.must("swap", d.k.Swap(ctx, d.w))
			if got := d.who("app.x"); got != "new" {
				t.Fatal(got)
			}
			d.exec("ALTER TABLE app.x FORCE", "ALTER TABLE app.x ADD COLUMN j INT")
			d.must("put back", d.k.PutBack(ctx, d.w))
			if got := d.who("app.x") + d.who("app.m"); got != "oldold" {
				t.Fatal(got)
			}
			d.dirs = append(d.dirs, ssd, other)
			if l := d.leftovers(); len(l) > 0 || exists(d.s.Datadir+".external") {
				t.Error(l)
			}
			d.begin()
			d.copyFrom(data)
			d.must("swap", d.k.Swap(ctx, d.w))
			d.must("drop", d.k.Drop(ctx, d.w))
			d.stop()
			d.restart()
			if got := d.who("app.x"); got != "new" {
				t.Fatal(got)
			}
			if l := d.leftovers(); len(l) > 0 || exists(filepath.Join(ssd, "m.MYD")) || exists(filepath.Join(ssd, "app", "x.ibd")) == taken || exists(d.s.Datadir+".external") != taken {
				t.Error(l)
			}
			if b, err := os.ReadFile(filepath.Join(place, "app", "x.ibd")); taken && (err != nil || string(b) != "another server's") {
				t.Error("another server's file was touched")
			}
		})
	}
}

// flatten brings the tables elsewhere into the data directory, as mariabackup does.
func flatten(t *testing.T, data string) {
	t.Helper()
	links, err := filepath.Glob(filepath.Join(data, "*", "*.isl"))
	if err != nil || len(links) == 0 {
		t.Fatal(links, err)
	}
	for _, link := range links {
		from, err := readLink(link)
		must(t, err)
		must(t, os.Rename(from, strings.TrimSuffix(link, ".isl")+".ibd"))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestTablesElsewhereOnRealMySQL: the new data's are found by the server in the data directory; the old data's go aside, or
// the server would find both.
func TestTablesElsewhereOnRealMySQL(t *testing.T) {
	ctx := context.Background()
	d := newTarget(t, sandbox.MySQL97)
	d.separate()
	ssd := d.dirs[len(d.dirs)-1]
	d.exec("CREATE TABLE app.x (who VARCHAR(20) PRIMARY KEY) DATA DIRECTORY='"+ssd+"'", "INSERT app.x VALUES ('old')", "CREATE TABLESPACE ts ADD DATAFILE '"+ssd+"/ts.ibd'")
	data := newData(t, sandbox.MySQL97, "CREATE TABLE app.x (who VARCHAR(20) PRIMARY KEY)", "INSERT app.x VALUES ('new')")
	d.begin()
	d.exec("CREATE TABLE app.y (who VARCHAR(20) PRIMARY KEY) DATA DIRECTORY='" + ssd + "'") // after Begin
	d.copyFrom(data)
	d.must("swap", d.k.Swap(ctx, d.w))
	if got := d.who("app.x"); got != "new" || exists(filepath.Join(ssd, "ts.ibd")) || exists(filepath.Join(ssd, "app", "y.ibd")) {
		t.Fatal(got)
	}
	d.must("put back", d.k.PutBack(ctx, d.w))
	if got := d.who("app.x"); got != "old" || !exists(filepath.Join(ssd, "ts.ibd")) || !exists(filepath.Join(ssd, "app", "y.ibd")) || len(d.leftovers()) > 0 {
		t.Fatal(got, d.leftovers())
	}
}

func TestLayoutOfAServerThatIsDown(t *testing.T) {
	ctx := context.Background()
	d := newTarget(t, sandbox.MariaDB)
	d.separate()
	up, err := d.k.Layout(ctx)
	must(t, err)
	d.stop()
	down, err := d.k.Layout(ctx)
	if err != nil || down.Running || !up.Running || len(down.Parts) != len(up.Parts) || down.DataDir != d.s.Datadir || down.Mode != up.Mode {
		t.Errorf("%+v %v", down, err)
	}
	if down.Program.Path == "" || !slices.Contains(down.Program.Args, "--defaults-file="+d.s.Defaults) {
		t.Errorf("how the server was started is noted as %+v", down.Program)
	}
	d.k.o.StateDir = t.TempDir() // nothing noted, and the program's configuration is of another server
	if _, err := d.k.Layout(ctx); err == nil || !strings.Contains(err.Error(), "is of another server") {
		t.Error(err)
	}
}
