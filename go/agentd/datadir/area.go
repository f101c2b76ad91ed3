package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// area is a directory whose content is exchanged: a Whole one by renaming it, any other entry by entry. What a phase of
// the plan means for one area is in doc.go; each of the functions below may be called again at any time in its phase.
type area struct {
	Dir   string
	Whole bool `json:",omitempty"`
	// All: every entry counts, but for containers, lost+found and Except. Else those whose names fit Patterns or are in Names.
	All      bool     `json:",omitempty"`
	Except   []string `json:",omitempty"`
	Patterns []string `json:",omitempty"` // regular expressions of whole names
	Names    []string `json:",omitempty"`
	// External is a directory of single tablespaces (DATA DIRECTORY), which others may use too: Names are the old data's,
	// Placed the new data's; no other file in it is ever touched.
	External bool     `json:",omitempty"`
	Placed   []string `json:",omitempty"`
	// Made: the directory was made for the new data, and goes when that goes.
	Made bool `json:",omitempty"`
	// Owner is the directory's own.
	Owner owner
}

// mover works on the areas of one seed.
type mover struct {
	files
	seed int64
}

// container is the path of the area's "old" or "new".
func (m mover) container(a *area, what string) string {
	if a.Whole {
		return fmt.Sprintf("%s.seed-%d.%s", a.Dir, m.seed, what)
	}
	return filepath.Join(a.Dir, fmt.Sprintf(".seed-%d.%s", m.seed, what))
}

// bads are the containers of what nobody wants, made so far.
func (m mover) bads(a *area) []string {
	var found []string
	for i := 1; ; i++ {
		path := m.container(a, fmt.Sprintf("bad%d", i))
		if !exists(path) {
			return found
		}
		found = append(found, path)
	}
}

func (m mover) bad(a *area) string { return m.container(a, fmt.Sprintf("bad%d", len(m.bads(a))+1)) }

// mine are the names of the area's entries that count.
func (a *area) mine() ([]string, error) {
	entries, err := os.ReadDir(a.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		ok, err := a.counts(e.Name())
		if err != nil {
			return nil, err
		}
		if ok {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func (a *area) counts(name string) (bool, error) {
	if containerName.MatchString(name) || name == "lost+found" || slices.Contains(a.Except, name) {
		return false, nil
	}
	if a.All || slices.Contains(a.Names, name) {
		return true, nil
	}
	for _, p := range a.Patterns {
		if fit, err := regexp.MatchString("^(?:"+p+")$", name); fit || err != nil {
			return fit, err
		}
	}
	return false, nil
}

// aside moves what is there into the old container.
func (m mover) aside(a *area) error {
	old := m.container(a, "old")
	if a.Whole {
		if exists(old) {
			return m.reject(a)
		}
		return m.rename(a.Dir, old)
	}
	if err := m.mkdir(a, old); err != nil {
		return err
	}
	return m.each(a, func(name string) error {
		if exists(filepath.Join(old, name)) { // made since, by a server that was started on what was left
			return m.clearWay(a, name)
		}
		return m.rename(filepath.Join(a.Dir, name), filepath.Join(old, name))
	})
}

// in moves what the container ("new" or "old") holds into its place. What is in the way was made since.
func (m mover) in(a *area, what string) error {
	from := m.container(a, what)
	if !exists(from) {
		return nil
	}
	if a.Whole {
		if err := m.reject(a); err != nil {
			return err
		}
		return m.rename(from, a.Dir)
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := m.clearWay(a, e.Name()); err != nil {
			return err
		}
		if err := m.rename(filepath.Join(from, e.Name()), filepath.Join(a.Dir, e.Name())); err != nil {
			return err
		}
	}
	if err := errors.Join(m.Sync(from), m.Sync(a.Dir)); err != nil {
		return err
	}
	return m.Remove(from)
}

// reject moves what is there out of the way, to be removed.
func (m mover) reject(a *area) error {
	if a.Whole {
		if !exists(a.Dir) {
			return nil
		}
		return m.rename(a.Dir, m.bad(a))
	}
	if a.External {
		for _, name := range a.Placed {
			if err := m.rejectOne(a, name); err != nil {
				return err
			}
		}
		return nil
	}
	return m.each(a, func(name string) error { return m.rejectOne(a, name) })
}

// clearWay makes room for an entry. In a directory that others may use nothing is in the way but by their doing.
func (m mover) clearWay(a *area, name string) error {
	if a.External && exists(filepath.Join(a.Dir, name)) {
		return &method.StageError{Code: "datadir-in-the-way", Text: filepath.Join(a.Dir, name) + " was made meanwhile, and is in the way",
			Hint: "see whose it is, and move it away"}
	}
	return m.rejectOne(a, name)
}

func (m mover) rejectOne(a *area, name string) error {
	if !exists(filepath.Join(a.Dir, name)) {
		return nil
	}
	for _, bad := range m.bads(a) {
		if !exists(filepath.Join(bad, name)) {
			return m.rename(filepath.Join(a.Dir, name), filepath.Join(bad, name))
		}
	}
	bad := m.bad(a)
	if err := m.mkdir(a, bad); err != nil {
		return err
	}
	return m.rename(filepath.Join(a.Dir, name), filepath.Join(bad, name))
}

func (m mover) each(a *area, f func(name string) error) error {
	names, err := a.mine()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := f(name); err != nil {
			return err
		}
	}
	if !exists(a.Dir) {
		return nil
	}
	return m.Sync(a.Dir)
}

// rename is no error when there is nothing to rename: it was done.
func (m mover) rename(from, to string) error {
	if !exists(from) {
		return nil
	}
	if err := m.Rename(from, to); err != nil {
		return err
	}
	return m.Sync(filepath.Dir(to))
}

func (m mover) mkdir(a *area, path string) error {
	if exists(path) {
		return nil
	}
	return m.Mkdir(path, a.Owner.Mode, a.Owner.UID, a.Owner.GID)
}

// remove removes containers of the area: "old", "new", or "bad" for all of that kind.
func (m mover) remove(a *area, what string) error {
	if what != "bad" {
		return removeTree(m, m.container(a, what))
	}
	bads := m.bads(a)
	slices.Reverse(bads) // so that a second call after a stop in the middle still finds the others
	for _, path := range bads {
		if err := removeTree(m, path); err != nil {
			return err
		}
	}
	return nil
}

// shut keeps a server from starting on an area that is being exchanged entry by entry: only root can use it.
func (m mover) shut(a *area) error {
	if !a.All || os.Geteuid() != 0 {
		return nil
	}
	return m.Own(a.Dir, owner{Mode: 0o700})
}

// open undoes shut.
func (m mover) open(a *area) error {
	if !a.All || os.Geteuid() != 0 {
		return nil
	}
	return m.Own(a.Dir, a.Owner)
}
