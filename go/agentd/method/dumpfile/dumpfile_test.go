package dumpfile

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// write makes a dump of three frames, the second of which is longer than all memory of a Writer.
func write(t *testing.T, dir string) (w *Writer, text string) {
	t.Helper()
	w, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("INSERT INTO `t` VALUES (1);\n", 1<<16)
	var all bytes.Buffer
	put := func(kind Kind, s string, n int) {
		if err := w.Begin(kind, "d", "t"); err != nil {
			t.Fatal(err)
		}
		for range n {
			all.WriteString(s)
			if _, err := io.WriteString(w, s); err != nil {
				t.Fatal(err)
			}
		}
	}
	put(Head, "-- head\n", 1)
	put(Table, "", 1) // an empty section leaves no frame
	put(Data, long, 24)
	put(Tail, "-- tail", 1)
	return w, all.String()
}

func TestDumpComesBackWholeAndByFrame(t *testing.T) {
	dir := t.TempDir()
	w, text := write(t, dir)
	if _, err := Open(dir); !errors.Is(err, ErrNoDump) {
		t.Errorf("before Finish, Open said %v", err)
	}
	if err := w.Finish(&Index{Flavour: "MySQL"}); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(dir, DataName))
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if got, err := io.ReadAll(z); err != nil || string(got) != text {
		t.Errorf("the whole file has %d bytes of text, want %d; %v", len(got), len(text), err)
	}
	d, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Verify(func(int64) error { return nil }); err != nil {
		t.Error(err)
	}
	if len(d.Frames) != 3 || d.Raw != int64(len(text)) || d.Length != int64(len(file)) {
		t.Fatalf("%d frames, %d bytes of text, %d of file", len(d.Frames), d.Raw, d.Length)
	}
	r, err := d.NewReader()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var lines strings.Builder
	for _, i := range []int{2, 0} {
		if err := r.Lines(d.Frames[i], func(line []byte) error { lines.Write(line); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if got := lines.String(); got != "-- tail-- head\n" {
		t.Errorf("frames by number gave %q", got)
	}
}

func TestDamageIsFoundWhereverItIs(t *testing.T) {
	dir := t.TempDir()
	w, _ := write(t, dir)
	if err := w.Finish(&Index{}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, DataName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damage := map[string][]byte{"cut": whole[:len(whole)-1], "longer": append(bytes.Clone(whole), 0)}
	for _, at := range []int{0, len(whole) / 2, len(whole) - 1} {
		flipped := bytes.Clone(whole)
		flipped[at] ^= 1
		damage["flipped "+string(rune('a'+at%26))] = flipped
	}
	for name, b := range damage {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if d.Verify(func(int64) error { return nil }) == nil {
			t.Errorf("%s: not found", name)
		}
		d.Close()
	}
}

func TestDiscardedDumpLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	w, _ := write(t, dir)
	if err := w.Discard(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
