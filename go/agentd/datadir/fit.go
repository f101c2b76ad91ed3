package datadir

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// fit makes the received data fit this server, while MySQL still runs on the old: what is not carried over goes, each kind
// of file is laid where the configuration expects it, owner and modes are set. It may be called again.
func (k *Keeper) fit(ctx context.Context, w *method.Work, m mover, p *plan) error {
	if err := look(p); err != nil {
		return err
	}
	if err := dropForeign(m, p); err != nil {
		return fmt.Errorf("take out what is not carried over: %w", err)
	}
	if k.server.MySQLRunning(ctx) { // tables were made and dropped since Begin
		if l, err := k.inspect(ctx); err == nil {
			p.Layout.External = l.External
		}
	}
	if err := p.addExternal(); err != nil {
		return err
	}
	if err := k.placeExternal(w, m, p); err != nil {
		return err
	}
	if err := placeKinds(m, p); err != nil {
		return fmt.Errorf("lay the new files where they belong: %w", err)
	}
	if err := checkSystem(m, p); err != nil {
		return err
	}
	if err := makeDirectories(m, p); err != nil {
		return fmt.Errorf("make directories of the configuration: %w", err)
	}
	for i := range p.Areas {
		if err := k.own(ctx, m, p, m.container(&p.Areas[i], "new")); err != nil {
			return fmt.Errorf("owner and modes of the new data: %w", err)
		}
	}
	if err := keepOwn(m, p); err != nil {
		return fmt.Errorf("carry the server's own files over: %w", err)
	}
	for i := range p.Areas {
		if path := m.container(&p.Areas[i], "new"); exists(path) {
			if err := m.SyncAll(path); err != nil {
				return fmt.Errorf("write the new data to the disk: %w", err)
			}
		}
	}
	return nil
}

func unfit(text, hint string) error {
	return &method.StageError{Code: "new-data-unfit", Text: text, Hint: hint}
}

// look refuses what is no data directory, and one that leads out of itself.
func look(p *plan) error {
	r := p.Receive
	if !hasSchemaMysql(r) {
		return unfit(fmt.Sprintf("what was received in %s is no data directory: it has no schema mysql", r), "look at how the copy ended")
	}
	return filepath.WalkDir(r, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type()&fs.ModeSymlink != 0 {
			return unfit(fmt.Sprintf("the new data has a symbolic link, %s", path), "tables with DATA DIRECTORY must be copied as files, or altered on the source")
		}
		return err
	})
}

// hasSchemaMysql says whether a directory is a server's data directory at all.
func hasSchemaMysql(dir string) bool {
	return exists(filepath.Join(dir, "mysql")) || exists(filepath.Join(dir, "mysql.ibd"))
}

func dropForeign(m mover, p *plan) error {
	entries, err := os.ReadDir(p.Receive)
	if err != nil {
		return err
	}
	patterns := p.Layout.notCarriedHere()
	for _, e := range entries {
		path := filepath.Join(p.Receive, e.Name())
		switch {
		case e.Type()&(fs.ModeSocket|fs.ModeNamedPipe|fs.ModeDevice) != 0:
			err = m.Remove(path)
		case !fits(e.Name(), patterns), e.IsDir() && e.Name() != "#innodb_temp": // a schema may have any name
		default:
			err = m.RemoveTree(path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// newPlace is where an entry that belongs into dir lies until the swap; "" when it is in its place.
func (p *plan) newPlace(m mover, dir string) string {
	l := &p.Layout
	if a := p.find(dir); a != nil && dir != l.Real {
		return m.container(a, "new")
	}
	if dir == l.Real || !within(l.Real, dir) {
		return ""
	}
	return filepath.Join(p.Receive, strings.TrimPrefix(dir, l.Real))
}

func placeKinds(m mover, p *plan) error {
	entries, err := os.ReadDir(p.Receive)
	if err != nil {
		return err
	}
	system := map[string]string{}
	for _, path := range p.Layout.systemFiles() {
		system[filepath.Base(path)] = filepath.Dir(path)
	}
	for _, e := range entries {
		dir, found := system[e.Name()]
		for _, kind := range kinds {
			if !found && fits(e.Name(), kind.patterns) {
				dir, found = p.Layout.dir(kind.variable), true
			}
		}
		if !found {
			continue
		}
		to := p.newPlace(m, dir)
		if to == "" {
			continue
		}
		if err := p.makeBelow(m, to); err != nil {
			return err
		}
		if err := move(m, filepath.Join(p.Receive, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// makeBelow makes a directory within the received data with those above it.
func (p *plan) makeBelow(m mover, path string) error {
	if exists(path) || !within(p.Receive, path) {
		return nil
	}
	if err := p.makeBelow(m, filepath.Dir(path)); err != nil {
		return err
	}
	return m.Mkdir(path, 0o700, p.Layout.UID, p.Layout.GID)
}

// move renames within a file system, and copies to another.
func move(m mover, from, to string) error {
	if device(from) == device(filepath.Dir(to)) {
		return m.Rename(from, to)
	}
	st, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if !st.IsDir() {
		if !exists(to) {
			if err := m.Copy(from, to); err != nil {
				return err
			}
		}
		return m.Remove(from)
	}
	uid, gid := ids(st)
	if !exists(to) {
		if err := m.Mkdir(to, st.Mode().Perm(), uid, gid); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := move(m, filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return m.Remove(from)
}

// checkSystem compares InnoDB's system tablespace with what the configuration names.
func checkSystem(m mover, p *plan) error {
	named := map[string]bool{}
	for _, path := range p.Layout.systemFiles() {
		named[filepath.Base(path)] = true
		dir := p.newPlace(m, filepath.Dir(path))
		if dir == "" {
			dir = p.Receive
		}
		if !exists(filepath.Join(dir, filepath.Base(path))) {
			return unfit(fmt.Sprintf("the target's innodb_data_file_path (%s) names %s, which the new data does not have", p.Layout.Vars["innodb_data_file_path"], filepath.Base(path)),
				"innodb_data_file_path must be the same on source and target")
		}
	}
	entries, err := os.ReadDir(p.Receive)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if len(named) > 0 && !named[e.Name()] && fits(e.Name(), []string{`ibdata[0-9]+`}) {
			return unfit(fmt.Sprintf("the new data has %s, which the target's innodb_data_file_path (%s) does not name", e.Name(), p.Layout.Vars["innodb_data_file_path"]),
				"innodb_data_file_path must be the same on source and target")
		}
	}
	return nil
}

// places are the variables that may name a directory, or a file in one, below the data directory that has to be there.
var places = []struct {
	name string
	file bool
}{
	{"innodb_data_home_dir", false}, {"innodb_log_group_home_dir", false}, {"innodb_undo_directory", false}, {"innodb_doublewrite_dir", false},
	{"innodb_temp_tablespaces_dir", false}, {"aria_log_dir_path", false}, {"tmpdir", false}, {"innodb_tmpdir", false},
	{"log_bin_basename", true}, {"log_bin_index", true}, {"relay_log_basename", true}, {"relay_log_index", true},
	{"log_error", true}, {"pid_file", true}, {"socket", true}, {"general_log_file", true}, {"slow_query_log_file", true},
}

// makeDirectories makes the directories that the server expects below the data directory, with the owner of the old.
func makeDirectories(m mover, p *plan) error {
	l := &p.Layout
	for _, v := range places {
		value := l.Vars[v.name]
		if value == "" {
			continue
		}
		dir := l.path(value)
		if v.file {
			dir = filepath.Dir(dir)
		}
		rel, err := filepath.Rel(l.Real, dir)
		if err != nil || dir == l.Real || !within(l.Real, dir) || fits(rel, []string{`#innodb_temp`}) || contains(p.data().Except, rel) {
			continue
		}
		if err := p.makeBelow(m, filepath.Join(p.Receive, rel)); err != nil {
			return err
		}
	}
	return nil
}

func contains(except []string, rel string) bool {
	top, _, _ := strings.Cut(rel, "/")
	for _, e := range except {
		if e == top {
			return true
		}
	}
	return false
}

// own gives the tree the old data's owner and modes; never wider ones.
func (k *Keeper) own(ctx context.Context, m mover, p *plan, root string) error {
	if !exists(root) {
		return nil
	}
	l, mark := &p.Layout, p.data().Owner.Label
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		o := owner{UID: l.UID, GID: l.GID, Mode: l.FileMode, Label: mark}
		switch {
		case path == root:
			o.Mode = l.Mode
		case d.IsDir():
			o.Mode = l.DirMode
		}
		return m.Own(path, o)
	})
}

// keepOwn copies the server's own files from the old data directory, as they are now.
func keepOwn(m mover, p *plan) error {
	entries, err := os.ReadDir(p.Layout.Real)
	if err != nil && p.HadData {
		return err
	}
	for _, e := range entries {
		to := filepath.Join(p.Receive, e.Name())
		if !e.Type().IsRegular() || !fits(e.Name(), own) {
			continue
		}
		if exists(to) {
			if err := m.Remove(to); err != nil {
				return err
			}
		}
		if err := m.Copy(filepath.Join(p.Layout.Real, e.Name()), to); err != nil {
			return err
		}
	}
	return nil
}
