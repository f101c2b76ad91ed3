package btrfs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot"
)

// system runs programs as they are.
type system struct{}

func (system) Output(ctx context.Context, _ time.Duration, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%v: %w: %s", args, err, out)
	}
	return string(out), nil
}

func run(t *testing.T, args ...string) {
	t.Helper()
	if _, err := (system{}).Output(t.Context(), 0, args...); err != nil {
		t.Fatal(err)
	}
}

// disk mounts a Btrfs of its own until the end of the test; it needs root and btrfs-progs.
func disk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	image, point := filepath.Join(dir, "image"), filepath.Join(dir, "disk")
	run(t, "truncate", "-s", "300M", image)
	run(t, "mkfs.btrfs", "-q", image)
	run(t, "mkdir", point)
	run(t, "mount", "-o", "loop", image, point)
	t.Cleanup(func() {
		if _, err := (system{}).Output(context.Background(), 0, "umount", point); err != nil {
			t.Error(err)
		}
	})
	return point
}

func TestSnapshotBesideASubvolumeHoldsOneMomentAndIsRemoved(t *testing.T) {
	at, b := disk(t), New(Options{Commands: system{}, Filter: "-shot-"})
	data := filepath.Join(at, "volume", "mysql")
	run(t, "btrfs", "subvolume", "create", filepath.Join(at, "volume"))
	run(t, "mkdir", "-p", filepath.Join(data, "db"))
	run(t, "sh", "-c", "echo before >"+filepath.Join(data, "db", "t"))
	v, err := b.Find(t.Context(), []string{data, filepath.Join(data, "db")})
	if err != nil || v.Name != filepath.Join(at, "volume") || strings.Join(v.Inside, " ") != "mysql mysql/db" {
		t.Fatalf("%+v %v", v, err)
	}
	s, err := b.Plan(v, 3, "ab")
	if err != nil || s.Path != filepath.Join(at, "volume-shot-seed-3-ab") {
		t.Fatal(s, err)
	}
	if _, err := b.Check(t.Context(), s); !errors.Is(err, snapshot.ErrNone) {
		t.Error("a planned snapshot is not there yet", err)
	}
	if err := b.Remove(t.Context(), s); err != nil {
		t.Error("and may be removed", err)
	}
	if err := b.Create(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	run(t, "sh", "-c", "echo after >"+filepath.Join(data, "db", "t"))
	root, err := b.Mount(t.Context(), s, "/nowhere")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(s.Dirs(root)[1], "t")); err != nil || string(text) != "before\n" {
		t.Error(string(text), err)
	}
	if err := os.WriteFile(filepath.Join(root, "x"), nil, 0o600); err == nil {
		t.Error("the snapshot can be written")
	}
	facts, err := b.List(t.Context(), data)
	if err != nil || len(facts) != 2 || facts[0].IsSnapshot || !facts[1].IsSnapshot || facts[1].CreatedAt.IsZero() {
		t.Errorf("%+v %v", facts, err)
	}
	if err := errors.Join(b.Unmount(t.Context(), s), b.Remove(t.Context(), s), b.Remove(t.Context(), s)); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(s.Path); !errors.Is(err, os.ErrNotExist) {
		t.Error("it is still there", err)
	}
}

func TestNewestSnapshotIsOneOfThisSubvolumeAndStays(t *testing.T) {
	at, b := disk(t), New(Options{Commands: system{}, Filter: "-shot-"})
	for _, name := range []string{"volume", "other"} {
		run(t, "btrfs", "subvolume", "create", filepath.Join(at, name))
	}
	run(t, "mkdir", filepath.Join(at, "volume-shot-directory"))
	v, err := b.Find(t.Context(), []string{filepath.Join(at, "volume")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Newest(t.Context(), v); !errors.Is(err, snapshot.ErrNone) {
		t.Error(err)
	}
	run(t, "btrfs", "subvolume", "snapshot", "-r", filepath.Join(at, "volume"), filepath.Join(at, "volume-shot-1"))
	run(t, "btrfs", "subvolume", "snapshot", "-r", filepath.Join(at, "volume"), filepath.Join(at, "unnamed"))
	run(t, "btrfs", "subvolume", "snapshot", "-r", filepath.Join(at, "volume"), filepath.Join(at, "volume-shot-2"))
	run(t, "btrfs", "subvolume", "snapshot", "-r", filepath.Join(at, "other"), filepath.Join(at, "volume-shot-3"))
	s, err := b.Newest(t.Context(), v)
	if err != nil || s.Name != "volume-shot-2" || s.Made {
		t.Fatal(s, err)
	}
	if err := b.Remove(t.Context(), s); err != nil {
		t.Error(err)
	}
	if _, err := b.Check(t.Context(), s); err != nil {
		t.Error("the operator's snapshot was removed", err)
	}
}

func TestSubvolumeInsideOfTheDataIsRefusedAndSoAreTwo(t *testing.T) {
	at, b := disk(t), New(Options{Commands: system{}})
	for _, name := range []string{"a", "b"} {
		run(t, "btrfs", "subvolume", "create", filepath.Join(at, name))
	}
	run(t, "mkdir", filepath.Join(at, "a", "data"))
	if _, err := b.Find(t.Context(), []string{filepath.Join(at, "a", "data"), filepath.Join(at, "b")}); !errors.Is(err, snapshot.ErrUnfit) {
		t.Error(err)
	}
	run(t, "btrfs", "subvolume", "create", filepath.Join(at, "a", "data", "db"))
	if _, err := b.Find(t.Context(), []string{filepath.Join(at, "a", "data")}); !errors.Is(err, snapshot.ErrUnfit) {
		t.Error(err)
	}
	if _, err := b.Find(t.Context(), []string{"/proc"}); !errors.Is(err, snapshot.ErrNotHere) {
		t.Error(err)
	}
}

func TestDetailsOfASubvolumeAreRead(t *testing.T) {
	for name, want := range map[string]details{
		"origin.txt":   {uuid: "b017a3b9-7d30-6949-a4b2-f530c06ebeff"},
		"snapshot.txt": {uuid: "53254a8d-b91c-3f4e-adb1-2d32cb3cf3f5", parent: "b017a3b9-7d30-6949-a4b2-f530c06ebeff", readonly: true},
		"top.txt":      {uuid: "e5ca9073-b0a4-4ec7-bcfa-cbf71d1877ca"},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseShow(string(text))
		if err != nil || got.created.Format(time.DateTime) != "2026-11-22 21:23:43" {
			t.Error(name, got, err)
		}
		got.created = time.Time{}
		if got != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if _, err := parseShow("ERROR: Not a Btrfs subvolume"); err == nil {
		t.Error("nonsense was read")
	}
}

func FuzzParseShow(f *testing.F) {
	for _, name := range []string{"origin.txt", "snapshot.txt", "top.txt"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := parseShow(text); err == nil && d.uuid == "" {
			t.Error(d)
		}
	})
}
