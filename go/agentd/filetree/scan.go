package filetree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrLink is wrapped by the error for a symbolic link in a tree: what it leads to is not in the snapshot.
var ErrLink = errors.New("is a symbolic link")

// Tree is a list of files that can be packed.
type Tree struct {
	Entries []Entry // without hashes; directories before what is in them
	Bytes   int64   // of all files
	from    []string
}

// open opens the file of an entry.
func (t *Tree) open(i int) (*os.File, error) {
	return os.Open(filepath.Join(t.from[i], filepath.FromSlash(t.Entries[i].Path)))
}

// Source is a directory whose content belongs to a tree.
type Source struct {
	Dir string
	// Skip says of a path in it that it stays where it is, with all below it; nil: nothing does.
	Skip func(path string, d fs.DirEntry) bool
}

// Scan lists the files below all sources as one tree: what is in each comes to lie at the root. Sockets, pipes and devices
// are left out. The same file in two sources, and a symbolic link (ErrLink), are errors.
func Scan(ctx context.Context, sources ...Source) (*Tree, error) {
	t := &Tree{}
	found := map[string]int{}
	for _, s := range sources {
		if err := t.scan(ctx, s, found); err != nil {
			return nil, fmt.Errorf("list the files of %s: %w", s.Dir, err)
		}
	}
	return t, nil
}

func (t *Tree) scan(ctx context.Context, s Source, found map[string]int) error {
	dir, skip := s.Dir, s.Skip
	return filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return err
		case p == dir:
			return nil
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if skip != nil && skip(rel, d) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		return t.add(dir, rel, d, found)
	})
}

func (t *Tree) add(dir, rel string, d fs.DirEntry, found map[string]int) error {
	switch kind := d.Type(); {
	case kind&fs.ModeSymlink != 0:
		return fmt.Errorf("%s %w", rel, ErrLink)
	case !kind.IsDir() && !kind.IsRegular():
		return nil
	}
	info, err := d.Info()
	if err != nil {
		return err
	}
	e := Entry{Path: rel, Dir: d.IsDir(), Mode: info.Mode().Perm(), Time: info.ModTime()}
	if at, twice := found[rel]; twice {
		if e.Dir && t.Entries[at].Dir {
			return nil
		}
		return fmt.Errorf("%s is in %s too", rel, t.from[at])
	}
	if !e.Dir {
		e.Size = info.Size()
		t.Bytes += e.Size
	}
	found[rel] = len(t.Entries)
	t.Entries, t.from = append(t.Entries, e), append(t.from, dir)
	return nil
}
