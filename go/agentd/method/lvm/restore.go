package lvm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/datadir"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/filetree"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/quiet"
)

// Keys of the journal: what arrived was proven; the server's program has run on it, and only the swap is left.
const (
	provenKey  = "lvm-proven"
	settledKey = "lvm-settled"
)

// Restore implements method.Method. It may be started again at any time.
func (m *LVM) Restore(ctx context.Context, w *method.Work) error {
	if w.Side != agentapi.Target {
		return nil
	}
	var proven bool
	if _, err := w.Run.Recall(provenKey, &proven); err != nil {
		return err
	}
	if !proven {
		if err := m.prove(ctx, w); err != nil {
			return err
		}
		if err := w.Run.Remember(provenKey, true); err != nil {
			return err
		}
	}
	if err := m.settleServer(ctx, w); err != nil {
		return err
	}
	place, err := m.o.Keeper.Place(w)
	if err != nil {
		return err
	}
	if err := quiet.BeforeSwap(ctx, w, m.o.Servers, quiet.Target{Version: place.Layout.Version, Runs: place.Layout.Running && place.Keeps}); err != nil {
		return err
	}
	if err := m.o.Keeper.Swap(ctx, w); err != nil {
		return err
	}
	return quiet.AfterSwap(ctx, w, m.o.Servers)
}

// settleServer has the server's program recover the copy and make a replica's data of it, once: after the swap there is
// nothing at that place any more.
func (m *LVM) settleServer(ctx context.Context, w *method.Work) error {
	var settled bool
	if _, err := w.Run.Recall(settledKey, &settled); err != nil || settled {
		return err
	}
	place, err := m.o.Keeper.Place(w)
	if err != nil {
		return err
	}
	w.Run.Say("InnoDB recovers the copy from its log, as after a crash")
	if err := quiet.Settle(ctx, w, place.Receive, place.Layout.Program); err != nil {
		return err
	}
	return w.Run.Remember(settledKey, true)
}

// prove holds what is on the disk against what was sent.
func (m *LVM) prove(ctx context.Context, w *method.Work) error {
	joined := m.join(ctx, w)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	manifest, err := readManifest(w.Dir) // is there only when everything arrived, also if the agent was restarted since
	if errors.Is(err, os.ErrNotExist) && joined != nil {
		return joined
	}
	if err != nil {
		return failed(CodeIncomplete, "the seed begins again with Prepare", err, "the copy is not complete")
	}
	place, err := m.o.Keeper.Place(w)
	if err != nil {
		return err
	}
	if err := filetree.Prove(ctx, place.Receive, manifest); err != nil {
		return cause(ctx, failed(CodeDamaged, "something else writes to that directory; the seed begins again with Prepare", err, "the copy in %s was changed", place.Receive))
	}
	if _, err := m.Metadata(ctx, w); err != nil {
		return err
	}
	return fitting(manifest, place.Layout)
}

func readManifest(dir string) (*filetree.Manifest, error) {
	f, err := os.Open(filepath.Join(dir, manifestFile))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return filetree.ReadManifest(f)
}

// fitting refuses a copy that the target's server could not start on: the files of its system tablespace have other names.
func fitting(m *filetree.Manifest, l datadir.Layout) error {
	there := map[string]bool{}
	for _, e := range m.Entries {
		there[e.Path] = true
	}
	var missing []string
	for _, spec := range strings.Split(l.Vars["innodb_data_file_path"], ";") {
		name, _, _ := strings.Cut(strings.TrimSpace(spec), ":")
		if name = path.Base(name); name != "." && !there[name] {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return permanently(failed(CodeUnfit, "give the target the source's innodb_data_file_path", nil, "the target's innodb_data_file_path names %s, which the source does not have", strings.Join(missing, ", ")))
}

// Metadata implements method.Method.
func (m *LVM) Metadata(_ context.Context, w *method.Work) (agentapi.Metadata, error) {
	text, err := os.ReadFile(filepath.Join(w.Dir, metadataFile))
	if err != nil {
		return agentapi.Metadata{}, fmt.Errorf("read metadata: %w", err)
	}
	return ParseMetadata(string(text))
}

// settle makes a data directory of what a tar of others brought: the data directory may be below another directory in it, its
// metadata file becomes the note, and what does not travel goes. A tar has no hashes: its own end and the compressed
// stream's checksum are what proves it.
func settle(dir string, m *filetree.Manifest) (*filetree.Manifest, error) {
	top, err := systemSchema(m)
	if err != nil {
		return nil, err
	}
	if err := lift(dir, top); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, metadataFile))
	if err != nil {
		return nil, permanently(failed(CodePosition, "the source's snapshot must hold a file "+metadataFile+" in the data directory", err, "the copy does not say where it stands in the binary log"))
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if own(e.Name(), e.IsDir()) {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return nil, err
			}
		}
	}
	out := &filetree.Manifest{Notes: map[string]string{positionNote: string(text)}}
	for _, e := range m.Entries {
		if e.Path == top || top != "." && !strings.HasPrefix(e.Path, top+"/") {
			continue
		}
		if top != "." {
			e.Path = strings.TrimPrefix(e.Path, top+"/")
		}
		if first, _, below := strings.Cut(e.Path, "/"); !own(first, e.Dir || below) {
			out.Entries = append(out.Entries, e)
		}
	}
	return out, nil
}

// systemSchema is the directory in which the schema mysql is: the data directory.
func systemSchema(m *filetree.Manifest) (string, error) {
	var tops []string
	for _, e := range m.Entries {
		if e.Dir && path.Base(e.Path) == "mysql" {
			top := path.Dir(e.Path)
			if slices.ContainsFunc(m.Entries, func(x filetree.Entry) bool {
				return !x.Dir && path.Dir(x.Path) == top && strings.HasPrefix(path.Base(x.Path), "ibdata")
			}) {
				tops = append(tops, top)
			}
		}
	}
	if len(tops) != 1 {
		return "", permanently(failed(CodeIncomplete, "the source's agent has to send a tar of MySQL's data directory", nil, "what arrived holds %d data directories", len(tops)))
	}
	return tops[0], nil
}

// lift moves what is in dir/top to dir.
func lift(dir, top string) error {
	if top == "." {
		return nil
	}
	from, err := os.MkdirTemp(dir, ".lift-")
	if err != nil {
		return err
	}
	inner := filepath.Join(from, "data")
	if err := os.Rename(filepath.Join(dir, top), inner); err != nil {
		return err
	}
	first, _, _ := strings.Cut(top, "/")
	if err := os.RemoveAll(filepath.Join(dir, first)); err != nil {
		return err
	}
	entries, err := os.ReadDir(inner)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.Rename(filepath.Join(inner, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return os.RemoveAll(from)
}
