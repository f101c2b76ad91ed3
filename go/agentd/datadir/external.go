package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// externalSuffix is added to the data directory's name for the tables with DATA DIRECTORY that can lie nowhere else.
const externalSuffix = ".external"

// externalFiles are the files outside the data directory that its tables have: where MariaDB's .isl files and the links of
// MyISAM and Aria lead, and what MySQL has told.
func externalFiles(l *Layout) ([]string, error) {
	found := slices.Clone(l.External)
	schemas, err := os.ReadDir(l.Real)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, s := range schemas {
		if !s.IsDir() || containerName.MatchString(s.Name()) || s.Name() == "lost+found" {
			continue
		}
		dir := filepath.Join(l.Real, s.Name())
		files, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			path := filepath.Join(dir, f.Name())
			switch {
			case f.Type()&fs.ModeSymlink != 0:
				if to, err := filepath.EvalSymlinks(path); err == nil {
					found = append(found, to)
				}
			case strings.HasSuffix(f.Name(), ".isl"):
				to, err := readLink(path)
				if err != nil {
					return nil, err
				}
				found = append(found, to)
			}
		}
	}
	found = slices.DeleteFunc(found, func(path string) bool {
		st, err := os.Lstat(path)
		return err != nil || !st.Mode().IsRegular() || !filepath.IsAbs(path) || within(l.Real, resolve(path))
	})
	slices.Sort(found)
	return slices.Compact(found), nil
}

// readLink reads a file that MariaDB keeps in place of an InnoDB table with DATA DIRECTORY: the path of its tablespace.
func readLink(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	to := strings.TrimRight(string(b), " \r\n\x00")
	if len(to) > 4096 || strings.ContainsRune(to, 0) {
		return "", fmt.Errorf("%s holds no path", path)
	}
	return filepath.Clean(to), nil
}

// addExternal adds the old data's files outside to the plan. When the server is stopped they stay what they are.
func (p *plan) addExternal() error {
	files, err := externalFiles(&p.Layout)
	if err != nil {
		return fmt.Errorf("look for tables with DATA DIRECTORY: %w", err)
	}
	for _, path := range files {
		a := p.externalArea(filepath.Dir(path))
		if !slices.Contains(a.Names, filepath.Base(path)) {
			a.Names = append(a.Names, filepath.Base(path))
		}
	}
	return nil
}

// externalArea is the area of a directory that holds single tablespaces, added when it is not there.
func (p *plan) externalArea(dir string) *area {
	dir = resolve(dir)
	if a := p.find(dir); a != nil {
		return a
	}
	a := area{Dir: dir, External: true, Owner: owner{UID: p.Layout.UID, GID: p.Layout.GID, Mode: p.Layout.DirMode}}
	if st, err := os.Stat(dir); err == nil {
		a.Owner.UID, a.Owner.GID = ids(st)
		a.Owner.Mode = st.Mode().Perm()
	} else {
		a.Made = true
	}
	p.Areas = append(p.Areas, a)
	return &p.Areas[len(p.Areas)-1]
}

// placeExternal lays the new data's tables that have a DATA DIRECTORY (a .isl beside their tablespace) outside: InnoDB takes
// no such table within the data directory. That is the directory of the source's if this host has it and no other file is
// there, else one beside the data directory.
func (k *Keeper) placeExternal(w *method.Work, m mover, p *plan) error {
	links, err := filepath.Glob(filepath.Join(globQuote(p.Receive), "*", "*.isl"))
	if err != nil || len(links) == 0 {
		return err
	}
	mine, err := externalFiles(&p.Layout)
	if err != nil {
		return fmt.Errorf("look for tables with DATA DIRECTORY: %w", err)
	}
	to := map[string]string{} // .isl: tablespace
	for _, link := range links {
		path, err := p.chooseExternal(link, mine)
		if err != nil {
			return err
		}
		a := p.externalArea(filepath.Dir(path))
		if !a.External {
			return unfit(fmt.Sprintf("a table of the new data belongs into %s, a directory of the server's own", a.Dir), "alter it on the source")
		}
		if name := filepath.Base(path); !slices.Contains(a.Placed, name) {
			a.Placed = append(a.Placed, name)
		}
		to[link] = path
	}
	if err := p.save(w, p.Phase); err != nil { // so that what is made now is known
		return err
	}
	for _, link := range links {
		if err := k.placeOne(m, p, link, to[link]); err != nil {
			return fmt.Errorf("lay a table with DATA DIRECTORY at %s: %w", to[link], err)
		}
	}
	return nil
}

func (k *Keeper) placeOne(m mover, p *plan, link, path string) error {
	a := p.find(resolve(filepath.Dir(path)))
	if parent := filepath.Dir(a.Dir); !exists(parent) { // beside the data directory
		if err := m.Mkdir(parent, p.Layout.DirMode, p.Layout.UID, p.Layout.GID); err != nil {
			return err
		}
	}
	for _, dir := range []string{a.Dir, m.container(a, "new")} {
		if err := m.mkdir(a, dir); err != nil {
			return err
		}
	}
	from, waits := strings.TrimSuffix(link, ".isl")+".ibd", filepath.Join(m.container(a, "new"), filepath.Base(path))
	switch {
	case exists(from):
		if err := move(m, from, waits); err != nil {
			return err
		}
	case !exists(waits):
		return unfit(fmt.Sprintf("the new data lacks %s, which has a DATA DIRECTORY", filepath.Base(from)), "the copy is not complete")
	}
	return m.Write(link, []byte(path), p.Layout.FileMode)
}

func (p *plan) chooseExternal(link string, mine []string) (string, error) {
	path, err := readLink(link)
	if err != nil {
		return "", err
	}
	schema, table := filepath.Base(filepath.Dir(link)), strings.TrimSuffix(filepath.Base(link), ".isl")+".ibd"
	fallback := filepath.Join(p.Layout.Real+externalSuffix, schema, table)
	if path == fallback || filepath.Base(path) != table || filepath.Base(filepath.Dir(path)) != schema || within(p.Layout.Real, path) {
		return fallback, nil
	}
	st, err := os.Stat(filepath.Dir(filepath.Dir(path)))
	if err == nil && st.IsDir() && (!exists(path) || slices.Contains(mine, path)) {
		return path, nil
	}
	return fallback, nil
}

func globQuote(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}
