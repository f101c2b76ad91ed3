package mydumper_test

import (
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mydumper"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// modern is a world in which stand-ins take the options of mydumper 0.16 only, and leave and take its metadata and file names.
func modern(t *testing.T, kind sandbox.Kind, o mydumper.Options) *methodtest.World {
	t.Helper()
	w := newWorldOf(t, kind, o)
	methodtest.RealProgram(t, "SEED_REAL_MYDUMPER", "mydumper")
	methodtest.RealProgram(t, "SEED_REAL_MYLOADER", "myloader")
	w.Path("testdata/modern")
	return w
}

func TestLaterVersionsOptionsAndMetadataCarryTheSame(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.MariaDB, sandbox.MySQL97} {
		for name, extra := range map[string][]string{"plain": nil, "compressed": {"--compress", "--rows=1000"}} {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				w := modern(t, kind, mydumper.Options{Threads: 2, DumpExtra: extra})
				everyKind(w)
				w.Backup()
				w.Restore()
				w.Same()
				m, err := w.Method.Metadata(t.Context(), w.Work)
				if err != nil || m.LogFile == "" || m.LogPos == 0 || m.GtidExecuted != w.Query(w.Source, logged[kind])[0] {
					t.Errorf("metadata is %+v, %v", m, err)
				}
				w.Must("release", w.Method.Release)
				w.NothingLeft()
			})
		}
	}
}

func TestFewerRowsThanMydumperCountedIsAnError(t *testing.T) {
	w := modern(t, sandbox.MariaDB, mydumper.Options{Threads: 2})
	w.Fill(sandbox.FillOptions{NoObjects: true, Bytes: 1 << 20, Tables: 1})
	t.Setenv("SEED_ROWS_MORE", "1")
	err := w.Method.Backup(t.Context(), w.Work)
	if methodtest.Code(err) != mysqldump.CodeCut || !strings.Contains(err.Error(), " rows in sbtest.sbtest1, and its files hold ") {
		t.Errorf("backup said %v", err)
	}
	w.NothingLeft()
}

func TestProgramsOfTwoGenerationsAreNotOffered(t *testing.T) {
	w := newWorld(t, mydumper.Options{})
	if offer, err := w.Method.Offer(t.Context()); err != nil || len(offer.SupportedEngines) == 0 {
		t.Errorf("0.10 is offered as %+v, %v", offer, err)
	}
	w.Path("testdata/later-dump-only")
	if _, err := w.Method.Offer(t.Context()); methodtest.Code(err) != mysqldump.CodeTool {
		t.Errorf("mydumper 0.16 with myloader 0.10: %v", err)
	}
	w.Path("testdata/between")
	if _, err := w.Method.Offer(t.Context()); methodtest.Code(err) != mysqldump.CodeTool || !strings.Contains(err.Error(), "0.12.7") {
		t.Errorf("mydumper 0.12: %v", err)
	}
}
