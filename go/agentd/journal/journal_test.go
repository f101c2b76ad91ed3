package journal

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/procgroup"
)

func open(t *testing.T, dir string) *Journal {
	t.Helper()
	j, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func sample(id int64) *Entry {
	now := time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC)
	return &Entry{
		SeedID: id, Method: agentapi.Mysqldump, Side: agentapi.Target, Dir: "/backup/seed-7", PeerHost: "src1", SourceMySQLPort: 3306,
		Attempt: 3, Created: now, Updated: now,
		Stages: map[agentapi.Stage]*Stage{
			agentapi.Backup: {Status: agentapi.Running, Attempt: 3, Started: now, Changed: now, Details: "dumping",
				Progress: &agentapi.Progress{Bytes: 7, Total: 9}, Said: []Line{{now, "dumping"}}, Tools: []Tool{{"mysqldump", "exit status 2", "oops"}}},
		},
		Groups: []Group{{Group: procgroup.Group{PGID: 12, Start: 99, Session: 3, Boot: "b"}, Stage: "Backup", Attempt: 3, Tool: "mysqldump"}},
		Memory: map[string]json.RawMessage{"k": json.RawMessage(`{"a":1}`)},
	}
}

func TestWhatWasWrittenIsReadBackByTheNextAgent(t *testing.T) {
	dir := t.TempDir()
	j, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []int64{10, 9, 7} {
		if err := j.Write(sample(id)); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Delete(9); err != nil {
		t.Fatal(err)
	}
	if err := j.Delete(9); err != nil {
		t.Fatal("deleting twice:", err)
	}
	j.Close()
	got, bad, err := open(t, dir).Load()
	if err != nil || len(bad) != 0 {
		t.Fatal(bad, err)
	}
	normal := cmp.Transformer("compact", func(m json.RawMessage) string { return strings.Join(strings.Fields(string(m)), "") })
	if d := cmp.Diff([]*Entry{sample(7), sample(10)}, got, normal); d != "" {
		t.Error(d)
	}
	if st, err := os.Stat(filepath.Join(dir, "seeds", "seed-7.json")); err != nil || st.Mode().Perm() != 0o600 {
		t.Error(st.Mode(), err)
	}
}

func TestSecondAgentOnTheSameStateDirectoryIsRefused(t *testing.T) {
	dir := t.TempDir()
	j, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrLocked) {
		t.Fatalf("second agent: %v", err)
	}
	j.Close()
	open(t, dir)
}

func TestCorruptFilesAreQuarantinedAndTheOthersKept(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	if err := j.Write(sample(7)); err != nil {
		t.Fatal(err)
	}
	corrupt := map[string]string{
		"seed-1.json": "", "seed-2.json": `{"SeedID":2,"Met`, "seed-3.json": `{"SeedID":4,"Method":"Mysqldump","Side":"Target"}`,
		"seed-5.json": `{"SeedID":5,"Method":"Nosuch","Side":"Target"}`, "seed-6.json": `{"SeedID":6,"Method":"LVM","Side":"Target","Stages":{"Backup":null}}`,
		"seed-8.json": "\x00\x00\x00",
	}
	for name, text := range corrupt {
		if err := os.WriteFile(filepath.Join(dir, "seeds", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "seeds", ".new-123"), []byte("cut"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, bad, err := j.Load()
	if err != nil || len(got) != 1 || got[0].SeedID != 7 || len(bad) != len(corrupt) {
		t.Fatalf("%d read, %d quarantined, %v", len(got), len(bad), err)
	}
	for _, q := range bad {
		if _, err := os.Stat(q.Path); err != nil || q.Err == nil || !strings.Contains(q.Path, "quarantine") {
			t.Errorf("%+v: %v", q, err)
		}
	}
	if got, bad, err := j.Load(); err != nil || len(got) != 1 || len(bad) != 0 {
		t.Fatalf("second look: %d read, %d quarantined, %v", len(got), len(bad), err)
	}
	left, err := os.ReadDir(filepath.Join(dir, "seeds"))
	if err != nil || len(left) != 1 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

func FuzzParse(f *testing.F) {
	b, err := json.Marshal(sample(7))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"SeedID":6,"Method":"LVM","Side":"Target","Stages":{"Backup":null}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := parse(b)
		if err != nil {
			return
		}
		if e.Stages == nil || e.Clone().SeedID != e.SeedID {
			t.Errorf("%q gives %+v", b, e)
		}
	})
}
