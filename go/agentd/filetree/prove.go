package filetree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// Prove holds what is in dir against a manifest: every file there with its size, and nothing else. The content of each file
// was proven when it was unpacked; it is not read again.
func Prove(ctx context.Context, dir string, m *Manifest) error {
	want := make(map[string]Entry, len(m.Entries))
	for _, e := range m.Entries {
		want[e.Path] = e
	}
	var wrong []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil || p == dir {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		e, found := want[rel]
		delete(want, rel)
		if said := differs(e, found, d); said != "" {
			wrong = append(wrong, rel+" "+said)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("prove %s: %w", dir, err)
	}
	for name := range want {
		wrong = append(wrong, name+" is missing")
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	more := ""
	if n := len(wrong) - 5; n > 0 {
		wrong, more = wrong[:5], fmt.Sprintf(" and %d more", n)
	}
	return errors.New("what was received is not what was sent: " + strings.Join(wrong, ", ") + more)
}

func differs(e Entry, found bool, d fs.DirEntry) string {
	switch {
	case !found:
		return "was not sent"
	case d.IsDir() != e.Dir || !d.IsDir() && !d.Type().IsRegular():
		return "is of another kind"
	case e.Dir:
		return ""
	}
	info, err := d.Info()
	if err != nil {
		return err.Error()
	}
	if info.Size() != e.Size {
		return fmt.Sprintf("has %d bytes of %d", info.Size(), e.Size)
	}
	return ""
}
