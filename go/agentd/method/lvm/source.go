package lvm

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/datadir"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/filetree"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot"
)

// stateKey is the journal's key of what the source holds for a seed.
const stateKey = "lvm-source"

// state is what the source holds: it is remembered before the snapshot is made, and emptied when nothing is left.
type state struct {
	Snapshot *snapshot.Snapshot
	Root     string            // where the snapshot's files are; "": it is not mounted yet
	Position agentapi.Metadata // of the moment that it holds
	Layout   datadir.Layout    // of the source at that time
	Bytes    int64             // of all files that travel
	// Spoiled says that an attempt failed for the snapshot's sake; else the next one takes it again, and the copy goes on where it
	// was.
	Spoiled bool
}

func recall(w *method.Work) (state, error) {
	var s state
	_, err := w.Run.Recall(stateKey, &s)
	return s, err
}

// take is Prepare on the source: a snapshot with its position, its files readable.
func (m *LVM) take(ctx context.Context, w *method.Work) error {
	if m.again(ctx, w) {
		return nil
	}
	if err := m.letGo(ctx, w); err != nil { // what an earlier attempt left
		return err
	}
	l, err := m.o.Keeper.Layout(ctx)
	if err != nil {
		return err
	}
	if err := readable(l.Real); err != nil {
		return err
	}
	p, v, err := m.volume(ctx, l)
	if err != nil {
		return err
	}
	s := state{Layout: l}
	switch {
	case !m.o.CreateNew:
		err = m.choose(ctx, w, p, v, &s)
	case len(m.o.CreateCommand) > 0:
		err = m.order(ctx, w, p, v, &s)
	default:
		err = m.make(ctx, w, p, v, &s)
	}
	if err != nil {
		return explained(err)
	}
	if err := m.look(ctx, w, p, &s); err != nil {
		return explained(err)
	}
	w.Run.Say(fmt.Sprintf("%s of %s at %s:%d holds %s", s.Snapshot, v, s.Position.LogFile, s.Position.LogPos, method.Size(s.Bytes)))
	return nil
}

// again says whether the snapshot of an earlier attempt is there, whole, and serves this one too.
func (m *LVM) again(ctx context.Context, w *method.Work) bool {
	s, err := recall(w)
	if err != nil || s.Snapshot == nil || s.Root == "" || s.Bytes == 0 || s.Spoiled {
		return false
	}
	p, err := m.provider(s.Snapshot.Kind)
	if err != nil {
		return false
	}
	if _, err := p.Check(ctx, *s.Snapshot); err != nil {
		return false
	}
	if _, err := p.Mount(ctx, *s.Snapshot, m.o.MountPoint); err != nil {
		return false
	}
	if err := m.stillThere(ctx, &s); err != nil {
		return false
	}
	w.Run.Say(fmt.Sprintf("%s of the earlier attempt serves again, at %s:%d", s.Snapshot, s.Position.LogFile, s.Position.LogPos))
	return true
}

// make makes a snapshot while commits are held.
func (m *LVM) make(ctx context.Context, w *method.Work, p Provider, v snapshot.Volume, s *state) error {
	var random [4]byte
	if _, err := rand.Read(random[:]); err != nil {
		return err
	}
	planned, err := p.Plan(v, w.SeedID, hex.EncodeToString(random[:]))
	if err != nil {
		return err
	}
	planned.CreatedAt = time.Now().UTC()
	s.Snapshot = &planned
	if err := w.Run.Remember(stateKey, s); err != nil {
		return err
	}
	s.Position, err = m.held(ctx, w, s.Layout.Real, func() error {
		if err := p.Create(ctx, planned); err != nil {
			return failed(CodeFailed, "these are the program's own words", err, "no snapshot could be made of %s", v)
		}
		return nil
	})
	return cause(ctx, err)
}

// order lets the operator's command make one, which has to be new then.
func (m *LVM) order(ctx context.Context, w *method.Work, p Provider, v snapshot.Volume, s *state) error {
	before, err := p.Newest(ctx, v)
	if err != nil && !errors.Is(err, snapshot.ErrNone) {
		return err
	}
	w.Run.Say("making a snapshot with create-snapshot-command")
	if err := w.Run.Command(ctx, nil, m.o.CreateCommand[0], m.o.CreateCommand[1:]...).Run(); err != nil {
		return cause(ctx, failed(CodeFailed, "these are the command's own words", err, "create-snapshot-command failed"))
	}
	made, err := p.Newest(ctx, v)
	if err != nil {
		return err
	}
	if made.Name == before.Name && made.Path == before.Path {
		return failed(CodeMissing, "the name of what it makes must hold snapshot-volumes-filter", nil, "create-snapshot-command ended well, and %s has no new snapshot; the newest is %s", v, before)
	}
	made.Made = true
	s.Snapshot = &made
	return w.Run.Remember(stateKey, s)
}

// choose takes the newest that is there.
func (m *LVM) choose(ctx context.Context, w *method.Work, p Provider, v snapshot.Volume, s *state) error {
	newest, err := p.Newest(ctx, v)
	if err != nil {
		return err
	}
	s.Snapshot = &newest
	return w.Run.Remember(stateKey, s)
}

// look mounts the snapshot and reads what has to be known of it.
func (m *LVM) look(ctx context.Context, w *method.Work, p Provider, s *state) error {
	s.Snapshot.MountPoint = m.o.MountPoint
	if err := w.Run.Remember(stateKey, s); err != nil {
		return err
	}
	root, err := p.Mount(ctx, *s.Snapshot, m.o.MountPoint)
	if err != nil {
		if errors.Is(err, snapshot.ErrBusy) {
			return err
		}
		return failed(CodeFailed, "see the kernel's messages (dmesg)", err, "the snapshot can't be mounted")
	}
	s.Root = root
	if s.Position.LogFile == "" {
		if err := m.readPosition(ctx, s); err != nil {
			return err
		}
	}
	tree, err := s.scan(ctx)
	if err != nil {
		return err
	}
	s.Bytes = tree.Bytes
	if _, err := p.Check(ctx, *s.Snapshot); err != nil {
		return err
	}
	return w.Run.Remember(stateKey, s)
}

// readPosition reads the file that whoever made the snapshot put into the data directory, and sees that the source still has
// the binary logs from there on.
func (m *LVM) readPosition(ctx context.Context, s *state) error {
	path := filepath.Join(s.Snapshot.Dirs(s.Root)[0], metadataFile)
	text, err := os.ReadFile(path)
	if err == nil {
		s.Position, err = ParseMetadata(string(text))
	}
	if err != nil {
		return permanently(failed(CodePosition, "what makes snapshots must write File:, Position: and Executed_Gtid_Set: into a file "+metadataFile+" in the data directory "+
			"while it holds the lock (docs/methods/lvm.md has an example), or set create-new-snapshot-for-seed = true without create-snapshot-command", err,
			"the snapshot %s does not say where it stands in the binary log", s.Snapshot))
	}
	return m.stillThere(ctx, s)
}

func (m *LVM) stillThere(ctx context.Context, s *state) error {
	db, err := m.o.Servers.Open(ctx, m.o.Servers.Local())
	if err != nil {
		return failed(CodeConnection, "start MySQL on the source", err, "the source's server does not answer")
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, "SHOW BINARY LOGS")
	if err != nil {
		return fmt.Errorf("list the source's binary logs: %w", err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	var first string
	for rows.Next() {
		var name string
		into := []any{&name}
		for range columns[1:] {
			into = append(into, new(any))
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if name == s.Position.LogFile {
			return nil
		}
		if first == "" {
			first = name
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return failed(CodeOld, "make a new snapshot, or keep binary logs longer", nil, "the snapshot %s stands at %s, and the oldest binary log of the source is %s", s.Snapshot, s.Position.LogFile, first)
}

// scan lists the files that travel.
func (s *state) scan(ctx context.Context) (*filetree.Tree, error) {
	f := filesOf(s.Layout)
	var sources []filetree.Source
	for i, dir := range s.Snapshot.Dirs(s.Root) {
		skip := f.skipPart
		if i == 0 {
			skip = f.skip
		}
		sources = append(sources, filetree.Source{Dir: dir, Skip: skip})
	}
	tree, err := filetree.Scan(ctx, sources...)
	if errors.Is(err, filetree.ErrLink) {
		return nil, permanently(failed(CodeUnfit, "move what it leads to into the data directory, or use another method", err, "a part of the data is not in the snapshot"))
	}
	if err != nil {
		return nil, cause(ctx, err)
	}
	system := false
	for _, e := range tree.Entries {
		if links(e.Path) {
			return nil, permanently(failed(CodeUnfit, "move the table into the data directory (ALTER TABLE), or use a method that loads rows", nil, "the table of %s lies in another directory", e.Path))
		}
		system = system || e.Dir && e.Path == "mysql"
	}
	if !system {
		return nil, failed(CodeMissing, "does the snapshot hold the volume with the data directory?", nil, "there is no data directory at %s", sources[0].Dir)
	}
	return tree, nil
}

// letGo unmounts and removes what the source holds for a seed. It may be called at any time.
func (m *LVM) letGo(ctx context.Context, w *method.Work) error {
	s, err := recall(w)
	if err != nil || s.Snapshot == nil {
		return err
	}
	p, err := m.provider(s.Snapshot.Kind)
	if err != nil {
		return err
	}
	if err := p.Unmount(ctx, *s.Snapshot); err != nil {
		return failed(CodeFailed, "see what uses it (fuser -m), and unmount it with agent-umount", err, "the snapshot is still mounted at %s", s.Snapshot.MountPoint)
	}
	if err := p.Remove(ctx, *s.Snapshot); err != nil {
		return failed(CodeFailed, "remove it with agent-removelv", err, "the snapshot %s is still there", s.Snapshot)
	}
	return w.Run.Remember(stateKey, state{})
}
