package filetree

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// grow makes a tree as a data directory has: big and empty files, holes at every place, odd names, a socket.
func grow(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	random := rand.NewChaCha8([32]byte{1})
	for name, size := range map[string]int{"ibdata1": 5<<20 + 17, "empty": 0, "one": 1, "db/t@0040.ibd": 1 << 20, "db/ümlaut\n.frm": 10, "#innodb_redo/#ib_redo0": 4096} {
		path := filepath.Join(dir, name)
		b := make([]byte, size)
		_, _ = random.Read(b)
		must(t, os.MkdirAll(filepath.Dir(path), 0o750))
		must(t, os.WriteFile(path, b, 0o640))
	}
	must(t, os.Mkdir(filepath.Join(dir, "schema_without_tables"), 0o700))
	for name, at := range map[string]int64{"hole_first": 1 << 20, "hole_middle": 3 << 20} {
		f, err := os.Create(filepath.Join(dir, name))
		must(t, err)
		if name == "hole_middle" {
			_, err = f.Write([]byte("begin"))
			must(t, err)
		}
		_, err = f.WriteAt([]byte("end"), at)
		must(t, err)
		must(t, f.Close())
	}
	must(t, os.WriteFile(filepath.Join(dir, "hole_last"), []byte("x"), 0o600))
	must(t, os.Truncate(filepath.Join(dir, "hole_last"), 9<<20))
	must(t, os.WriteFile(filepath.Join(dir, "hole_only"), nil, 0o600))
	must(t, os.Truncate(filepath.Join(dir, "hole_only"), 7<<20))
	must(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	must(t, os.Chtimes(filepath.Join(dir, "one"), time.Unix(1e9, 5), time.Unix(1e9, 5)))
	return dir
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func scan(t testing.TB, dirs ...string) *Tree {
	t.Helper()
	var sources []Source
	for _, dir := range dirs {
		sources = append(sources, Source{Dir: dir})
	}
	tree, err := Scan(context.Background(), sources...)
	must(t, err)
	return tree
}

func packed(t testing.TB, dir string, o PackOptions) []byte {
	t.Helper()
	var b bytes.Buffer
	_, err := Pack(context.Background(), &b, scan(t, dir), o)
	must(t, err)
	return b.Bytes()
}

// same holds two trees against each other, modes, times and the room that holes do not take included.
func same(t *testing.T, a, b string) {
	t.Helper()
	x, y := scan(t, a), scan(t, b)
	if len(x.Entries) != len(y.Entries) {
		t.Fatalf("%d and %d entries", len(x.Entries), len(y.Entries))
	}
	for i, e := range x.Entries {
		f := y.Entries[i]
		if e.Path != f.Path || e.Dir != f.Dir || e.Size != f.Size || e.Mode != f.Mode || !e.Dir && !e.Time.Equal(f.Time) {
			t.Errorf("%+v became %+v", e, f)
		}
		if e.Dir {
			continue
		}
		p, err := os.ReadFile(filepath.Join(a, e.Path))
		must(t, err)
		q, err := os.ReadFile(filepath.Join(b, e.Path))
		must(t, err)
		if !bytes.Equal(p, q) {
			t.Errorf("%s differs", e.Path)
		}
		if taken(t, filepath.Join(b, e.Path)) > taken(t, filepath.Join(a, e.Path))+64<<10 {
			t.Errorf("%s lost its holes", e.Path)
		}
	}
}

func taken(t *testing.T, path string) int64 {
	t.Helper()
	var st syscall.Stat_t
	must(t, syscall.Stat(path, &st))
	return st.Blocks * 512
}

func TestTreeArrivesEqualWithItsHoles(t *testing.T) {
	from, to := grow(t), t.TempDir()
	notes := map[string]string{"position": "File: a\nPosition: 4\n"}
	var sent, arrived int64
	var out bytes.Buffer
	tree := scan(t, from)
	made, err := Pack(t.Context(), &out, tree, PackOptions{Notes: notes, Done: func(n int64) { sent = n }})
	must(t, err)
	if out.Len() > 7<<20 {
		t.Errorf("the holes were sent: %d bytes", out.Len())
	}
	var head int64
	m, err := Unpack(t.Context(), &out, to, UnpackOptions{
		Head: func(n int64, told map[string]string) error { head = n; return nil }, Done: func(n int64) { arrived = n },
	})
	must(t, err)
	same(t, from, to)
	if sent != tree.Bytes || arrived != tree.Bytes || head != tree.Bytes || m.Bytes() != tree.Bytes {
		t.Errorf("of %d bytes %d were sent, %d told and %d here", tree.Bytes, sent, head, arrived)
	}
	if m.Notes["position"] != notes["position"] || len(made.Entries) != len(m.Entries) {
		t.Errorf("manifest is %+v", m)
	}
	must(t, Prove(t.Context(), to, m))
	var b bytes.Buffer
	_, err = m.WriteTo(&b)
	must(t, err)
	again, err := ReadManifest(&b)
	must(t, err)
	must(t, Prove(t.Context(), to, again))
}

func TestPartsOfOneServerInTwoDirectoriesBecomeOneTree(t *testing.T) {
	from, redo := grow(t), t.TempDir()
	must(t, os.WriteFile(filepath.Join(redo, "ib_logfile0"), []byte("redo"), 0o600))
	tree, err := Scan(t.Context(), Source{Dir: from}, Source{Dir: redo})
	must(t, err)
	var b bytes.Buffer
	_, err = Pack(t.Context(), &b, tree, PackOptions{})
	must(t, err)
	to := t.TempDir()
	_, err = Unpack(t.Context(), &b, to, UnpackOptions{})
	must(t, err)
	if text, err := os.ReadFile(filepath.Join(to, "ib_logfile0")); err != nil || string(text) != "redo" {
		t.Error(string(text), err)
	}
	must(t, os.WriteFile(filepath.Join(redo, "ibdata1"), nil, 0o600))
	if _, err := Scan(t.Context(), Source{Dir: from}, Source{Dir: redo}); err == nil || !strings.Contains(err.Error(), "ibdata1 is in "+from+" too") {
		t.Error(err)
	}
}

func TestLinksAreRefusedAndWhatIsSkippedDoesNotTravel(t *testing.T) {
	dir := grow(t)
	tree, err := Scan(t.Context(), Source{Dir: dir, Skip: func(p string, d fs.DirEntry) bool { return p == "db" || p == "ibdata1" }})
	must(t, err)
	for _, e := range tree.Entries {
		if strings.HasPrefix(e.Path, "db") || e.Path == "ibdata1" {
			t.Error(e.Path, "travels")
		}
	}
	must(t, os.Symlink("/etc", filepath.Join(dir, "linked_db")))
	if _, err := Scan(t.Context(), Source{Dir: dir}); !errors.Is(err, ErrLink) || !strings.Contains(err.Error(), "linked_db") {
		t.Error(err)
	}
}

func TestEveryCutAndEveryFlippedByteIsAnError(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "small")
	must(t, os.MkdirAll(filepath.Join(dir, "db"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "db", "t"), []byte("rows"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "z"), []byte("more"), 0o600))
	stream := packed(t, dir, PackOptions{})
	for n := range stream {
		if _, err := Unpack(t.Context(), bytes.NewReader(stream[:n]), t.TempDir(), UnpackOptions{}); err == nil {
			t.Errorf("cut after %d of %d bytes: no error", n, len(stream))
		}
		bad := bytes.Clone(stream)
		bad[n] ^= 1
		to := t.TempDir()
		if m, err := Unpack(t.Context(), bytes.NewReader(bad), to, UnpackOptions{}); err == nil {
			t.Errorf("byte %d flipped: no error, %+v", n, m)
		}
	}
	if _, err := Unpack(t.Context(), bytes.NewReader(append(stream, 0)), t.TempDir(), UnpackOptions{}); err == nil {
		t.Error("something follows, and nobody minds")
	}
}

func TestStreamCannotLeaveItsDirectory(t *testing.T) {
	for _, name := range []string{"../x", "/x", "a/../../x", "", ".", "..", "a//b", "a/", "a\x00b"} {
		b := []byte(magic + "H")
		b = append(b, 2, '{', '}', recordFile)
		b = appendEntry(b, Entry{Path: name, Size: 0})
		if _, err := Unpack(t.Context(), bytes.NewReader(b), t.TempDir(), UnpackOptions{}); err == nil || !strings.Contains(err.Error(), "cannot have the path") {
			t.Errorf("%q: %v", name, err)
		}
	}
	to, outside := t.TempDir(), t.TempDir()
	must(t, os.Symlink(outside, filepath.Join(to, "db")))
	from := grow(t)
	if _, err := Unpack(t.Context(), bytes.NewReader(packed(t, from, PackOptions{})), to, UnpackOptions{}); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
		t.Error("wrote through a link", left, err)
	}
	same(t, from, to)
}

func TestWhatIsHereFromAnEarlierAttemptIsNotSentAgain(t *testing.T) {
	from, to := grow(t), t.TempDir()
	stream := packed(t, from, PackOptions{})
	path := filepath.Join(t.TempDir(), "log")
	log, err := NewLog(path, "tree 1")
	must(t, err)
	_, err = Unpack(t.Context(), bytes.NewReader(stream[:len(stream)-1]), to, UnpackOptions{Whole: log.Add})
	must(t, log.Close())
	if err == nil {
		t.Fatal("a cut stream was taken")
	}
	torn, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = torn.WriteString("half a rec")
	must(t, err)
	must(t, torn.Close())
	must(t, os.WriteFile(filepath.Join(to, "no_longer_there"), nil, 0o600))
	tree, have, err := ReadLog(t.Context(), path, to)
	must(t, err)
	if tree != "tree 1" || len(have) != len(scan(t, from).Entries) {
		t.Fatalf("of %s %d entries are here", tree, len(have))
	}
	rest := packed(t, from, PackOptions{Has: len(have)})
	if len(rest) > len(stream)/100 {
		t.Errorf("%d bytes were sent again of %d", len(rest), len(stream))
	}
	if _, err := Unpack(t.Context(), bytes.NewReader(rest), t.TempDir(), UnpackOptions{}); err == nil {
		t.Error("a file that is not here was taken for here")
	}
	m, err := Unpack(t.Context(), bytes.NewReader(rest), to, UnpackOptions{Have: have})
	must(t, err)
	must(t, Prove(t.Context(), to, m)) // what is left of other attempts is gone
	same(t, from, to)
}

func TestOnlyFilesThatAreStillWholeCountAsHere(t *testing.T) {
	from, to := grow(t), t.TempDir()
	path := filepath.Join(t.TempDir(), "log")
	log, err := NewLog(path, "tree")
	must(t, err)
	_, err = Unpack(t.Context(), bytes.NewReader(packed(t, from, PackOptions{})), to, UnpackOptions{Whole: log.Add})
	must(t, errors.Join(err, log.Close()))
	f, err := os.OpenFile(filepath.Join(to, "ibdata1"), os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteAt([]byte{0xff, 0xfe, 0xfd}, 1<<20)
	must(t, errors.Join(err, f.Close()))
	_, have, err := ReadLog(t.Context(), path, to)
	must(t, err)
	for i, e := range scan(t, from).Entries {
		if (i < len(have)) != (e.Path < "ibdata1") {
			t.Errorf("%s: entry %d of %d that are here", e.Path, i, len(have))
		}
	}
	if _, _, err := ReadLog(t.Context(), filepath.Join(t.TempDir(), "none"), to); err == nil {
		t.Error("a log that is not there was read")
	}
}

func FuzzReadLog(f *testing.F) {
	path := filepath.Join(f.TempDir(), "log")
	log, err := NewLog(path, "tree")
	must(f, err)
	must(f, log.Add(Entry{Path: "a", Dir: true}))
	must(f, log.Add(Entry{Path: "a/b", Size: 3}))
	must(f, log.Close())
	text, err := os.ReadFile(path)
	must(f, err)
	f.Add(text)
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, entries, err := parseLog(b); err != nil && entries != nil {
			t.Error("entries with an error")
		}
	})
}

func TestProofNamesWhatIsWrong(t *testing.T) {
	from, to := grow(t), t.TempDir()
	m, err := Unpack(t.Context(), bytes.NewReader(packed(t, from, PackOptions{})), to, UnpackOptions{})
	must(t, err)
	must(t, os.Remove(filepath.Join(to, "one")))
	must(t, os.Truncate(filepath.Join(to, "ibdata1"), 3))
	must(t, os.Remove(filepath.Join(to, "empty")))
	must(t, os.Mkdir(filepath.Join(to, "empty"), 0o700))
	err = Prove(t.Context(), to, m)
	for _, want := range []string{"one is missing", "ibdata1 has 3 bytes of 5242897", "empty is of another kind"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}

func TestFileThatDoesNotStandStillIsAnError(t *testing.T) {
	for what, change := range map[string]func(string) error{
		"grows":   func(p string) error { return os.WriteFile(p, make([]byte, 6<<20), 0o600) },
		"shrinks": func(p string) error { return os.Truncate(p, 100) },
	} {
		dir := grow(t)
		tree := scan(t, dir)
		must(t, change(filepath.Join(dir, "ibdata1")))
		var b bytes.Buffer
		if _, err := Pack(t.Context(), &b, tree, PackOptions{}); err == nil || !strings.Contains(err.Error(), "does not stand still") {
			t.Errorf("%s: %v", what, err)
		}
		if err := PackTar(t.Context(), &b, tree, TarOptions{}); err == nil {
			t.Errorf("%s in a tar: no error", what)
		}
	}
}

func TestCancelledCopyEndsWithItsCause(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("aborted by a person")
	dir := grow(t)
	tree := scan(t, dir)
	stream := packed(t, dir, PackOptions{})
	cancel(why)
	if _, err := Pack(ctx, &bytes.Buffer{}, tree, PackOptions{}); !errors.Is(err, why) {
		t.Error(err)
	}
	if _, err := Unpack(ctx, bytes.NewReader(stream), t.TempDir(), UnpackOptions{}); !errors.Is(err, why) {
		t.Error(err)
	}
}

func TestTarIsReadByTarAndTarsTarIsRead(t *testing.T) {
	from := grow(t)
	var b bytes.Buffer
	must(t, PackTar(t.Context(), &b, scan(t, from), TarOptions{Files: map[string][]byte{"metadata": []byte("File: a\n")}}))
	theirs := t.TempDir()
	c := exec.Command("tar", "xzf", "-", "-C", theirs)
	c.Stdin = bytes.NewReader(b.Bytes())
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	must(t, os.Remove(filepath.Join(theirs, "metadata")))
	equalContent(t, from, theirs)
	for _, args := range [][]string{{"-czf", "-", "."}, {"-cf", "-", "."}, {"-cSzf", "-", "."}} {
		c = exec.Command("tar", args...)
		c.Dir = from
		text, err := c.Output()
		must(t, err)
		ours := t.TempDir()
		m, err := UnpackTar(t.Context(), bytes.NewReader(text), ours, UnpackOptions{})
		must(t, err)
		equalContent(t, from, ours)
		must(t, Prove(t.Context(), ours, m))
	}
}

func equalContent(t *testing.T, a, b string) {
	t.Helper()
	if out, err := exec.Command("diff", "-r", "--exclude=pipe", a, b).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestTarWithoutItsEndIsAnError(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	must(t, os.Mkdir(dir, 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "zeros"), make([]byte, 4096), 0o600))
	c := exec.Command("tar", "-b", "1", "-cf", "-", "zeros")
	c.Dir = dir
	plain, err := c.Output()
	must(t, err)
	var b bytes.Buffer
	must(t, PackTar(t.Context(), &b, scan(t, dir), TarOptions{}))
	for name, stream := range map[string][]byte{"plain": plain, "compressed": b.Bytes()} {
		for n := range len(stream) {
			if _, err := UnpackTar(t.Context(), bytes.NewReader(stream[:n]), t.TempDir(), UnpackOptions{}); err == nil {
				t.Errorf("%s, cut after %d of %d bytes: no error", name, n, len(stream))
				break
			}
		}
		if _, err := UnpackTar(t.Context(), bytes.NewReader(stream), t.TempDir(), UnpackOptions{}); err != nil {
			t.Error(name, err)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	dir := filepath.Join(f.TempDir(), "small")
	must(f, os.MkdirAll(filepath.Join(dir, "db"), 0o755))
	must(f, os.WriteFile(filepath.Join(dir, "db", "t"), []byte("rows"), 0o600))
	f.Add(packed(f, dir, PackOptions{}))
	f.Fuzz(func(t *testing.T, b []byte) {
		parent := t.TempDir()
		to := filepath.Join(parent, "to")
		must(t, os.Mkdir(to, 0o700))
		if m, err := Unpack(t.Context(), bytes.NewReader(b), to, UnpackOptions{}); err == nil {
			must(t, Prove(t.Context(), to, m))
		}
		if left, err := os.ReadDir(parent); err != nil || len(left) != 1 {
			t.Error("wrote outside of its directory", left, err)
		}
	})
}

func FuzzUnpackTar(f *testing.F) {
	dir := filepath.Join(f.TempDir(), "small")
	must(f, os.MkdirAll(filepath.Join(dir, "db"), 0o755))
	must(f, os.WriteFile(filepath.Join(dir, "db", "t"), []byte("rows"), 0o600))
	c := exec.Command("tar", "-cf", "-", ".")
	c.Dir = dir
	text, err := c.Output()
	must(f, err)
	f.Add(text)
	f.Fuzz(func(t *testing.T, b []byte) {
		parent := t.TempDir()
		to := filepath.Join(parent, "to")
		must(t, os.Mkdir(to, 0o700))
		_, _ = UnpackTar(t.Context(), bytes.NewReader(b), to, UnpackOptions{})
		if left, err := os.ReadDir(parent); err != nil || len(left) != 1 {
			t.Error("wrote outside of its directory", left, err)
		}
	})
}

func FuzzReadManifest(f *testing.F) {
	var b bytes.Buffer
	_, err := (&Manifest{Entries: []Entry{{Path: "a", Dir: true}, {Path: "a/b", Size: 3}}}).WriteTo(&b)
	must(f, err)
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := ReadManifest(bytes.NewReader(b)); err == nil && m == nil {
			t.Error("nothing without an error")
		}
	})
}
