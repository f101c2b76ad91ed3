package datadir

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

const (
	margin = 256 << 20 // bytes that stay free beside the new data and a fiftieth of it
	// erasedMarker is a file in a data directory whose content was erased for a seed.
	erasedMarker = "SEED-ERASED-THE-DATA.txt"
)

// Begin is for Prepare on the target: it decides whether the old data can be kept beside need bytes (0: not known, keep),
// makes the empty directory into which the new data is received, and journals the plan. Keeping leaves MySQL running;
// erasing (only with AllowErase) stops MySQL and empties the directories. An error leaves everything as it was. A second
// Begin removes what an earlier attempt received.
func (k *Keeper) Begin(ctx context.Context, w *method.Work, need int64) (*Place, error) {
	m := k.mover(w)
	p, err := recall(w)
	if err != nil {
		return nil, err
	}
	if p != nil {
		switch p.Phase {
		case phaseProven, phaseDropped:
			return nil, &method.StageError{Code: "datadir-seed-over", Text: "this seed's data was proven already, it can't begin again", Permanent: true}
		case phaseErasing:
			if exists(filepath.Join(p.Layout.Real, erasedMarker)) { // there is no way back
				return k.erase(ctx, w, m, p)
			}
		}
		if err := k.PutBack(ctx, w); err != nil {
			return nil, err
		}
	}
	l, err := k.inspect(ctx)
	if err != nil {
		return nil, err
	}
	if p, err = k.plan(m, l); err != nil {
		return nil, err
	}
	keeps, err := k.room(ctx, p, need)
	if err != nil {
		return nil, err
	}
	p.Erased = exists(filepath.Join(l.Real, erasedMarker)) && !hasSchemaMysql(l.Real)
	if err := p.save(w, phaseReceiving); err != nil {
		return nil, err
	}
	if err := p.tell(w, agentapi.OldDataInPlace, l.DataDir); err != nil {
		return nil, err
	}
	if err := k.makePlaces(m, p); err != nil { // also proves that it can be done, before anything is erased
		return nil, errors.Join(err, k.PutBack(ctx, w))
	}
	if keeps {
		return p.place(), nil
	}
	if err := p.save(w, phaseErasing); err != nil {
		return nil, err
	}
	return k.erase(ctx, w, m, p)
}

// plan says how this layout is exchanged; nothing is changed.
func (k *Keeper) plan(m mover, l Layout) (*plan, error) {
	mounts, err := mountPoints()
	if err != nil {
		return nil, err
	}
	for _, name := range unsupported {
		if v := l.Vars[name]; v != "" && !within(l.Real, l.path(v)) {
			return nil, &method.StageError{Code: "datadir-unsupported", Permanent: true,
				Text: fmt.Sprintf("%s is %s, outside the data directory, and can't be exchanged", name, v), Hint: "use a method that loads rows"}
		}
	}
	data := area{Dir: l.Real, Whole: true, Owner: owner{UID: l.UID, GID: l.GID, Mode: l.Mode, Label: label(l.Real)}}
	p := &plan{Layout: l, HadData: l.Exists}
	for _, mount := range mounts {
		if mount == l.Real || !within(l.Real, mount) {
			continue
		}
		if err := p.Layout.mountBelow(mount); err != nil {
			return nil, err
		}
		data.Whole = false
		data.Except = append(data.Except, strings.Split(strings.TrimPrefix(mount, l.Real+"/"), "/")[0])
	}
	data.Whole = data.Whole && !l.Mount && k.sibling(l)
	data.All = !data.Whole
	if data.All && !l.Exists {
		return nil, access(fmt.Errorf("%s is not there and can't be made", l.Real))
	}
	p.Areas = append([]area{data}, p.Layout.partAreas()...)
	for i := range p.Areas[1:] {
		a := &p.Areas[i+1]
		st, err := os.Stat(a.Dir)
		if err != nil {
			return nil, access(err)
		}
		uid, gid := ids(st)
		a.Owner = owner{UID: uid, GID: gid, Mode: st.Mode().Perm(), Label: label(a.Dir)}
	}
	p.Receive = m.container(p.data(), "new")
	return p, nil
}

// mountBelow takes a mount point below the data directory, which must be a separate directory's.
func (l *Layout) mountBelow(mount string) error {
	known := false
	check := func(dir string) {
		if within(mount, dir) {
			known = true
			l.mountedParts = append(l.mountedParts, dir)
		}
	}
	for _, d := range directories {
		check(l.dir(d.name))
	}
	for _, name := range basenames {
		if v := l.Vars[name]; v != "" {
			check(filepath.Dir(l.path(v)))
		}
	}
	if known && filepath.Dir(mount) == l.Real {
		return nil
	}
	return &method.StageError{Code: "datadir-unsupported", Permanent: true,
		Text: fmt.Sprintf("%s, below the data directory, is a mount point that none of MySQL's variables names", mount),
		Hint: "unmount it, or use a method that loads rows"}
}

// siblingFits says whether a directory can be made beside the data directory, on the same file system.
func siblingFits(l Layout) bool {
	parent := filepath.Dir(l.Real)
	trial, err := os.MkdirTemp(parent, ".seed-trial-")
	if err != nil {
		return false
	}
	defer os.Remove(trial)
	if err := chown(trial, l.UID, l.GID); err != nil {
		return false
	}
	return !l.Exists || device(trial) == device(l.Real)
}

func access(err error) error {
	return &method.StageError{Code: "datadir-access", Err: err, Text: "the agent can't exchange the data directory",
		Hint: "run the agent as root or as the data directory's owner; sudo is used for commands only, not for files"}
}

// moved gives what the kernel refuses while data is moved its code and what to do about it.
func moved(err error) error {
	var known *method.StageError
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.Is(err, syscall.EROFS):
		return &method.StageError{Code: "datadir-access", Err: err, Text: "the file system of the data directory is read-only",
			Hint: "see the kernel's messages (dmesg), and mount it writable again; then retry the seed"}
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return access(err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &method.StageError{Code: "disk-full", Err: err, Text: "no space left for the new data", Hint: "free space on the file system of the data directory, then retry the seed"}
	}
	return err
}

// room says whether the old data can stay. An error says what is missing.
func (k *Keeper) room(ctx context.Context, p *plan, need int64) (keeps bool, err error) {
	if need <= 0 || !p.HadData {
		return true, nil
	}
	free, err := k.free(p.Layout.Real)
	if err != nil {
		return false, err
	}
	want := need + need/50 + margin
	if free >= want {
		return true, nil
	}
	used, err := host.DiskUsed(ctx, p.Layout.Real)
	if err != nil {
		return false, err
	}
	e := &method.StageError{Code: "datadir-no-room", Permanent: true,
		Text: fmt.Sprintf("the new data needs %s, the file system of %s has %s free and the old data takes %s", method.Size(want), p.Layout.Real, method.Size(free), method.Size(used))}
	switch {
	case free+used < want:
		e.Hint = "a bigger disk is needed: the new data does not fit even without the old"
		return false, e
	case !k.o.AllowErase:
		e.Hint = "make room, or set allow-erase = true: then the old data is erased before the new has come, and can't be put back"
		return false, e
	}
	return false, nil
}

// makePlaces makes the directories into which the new data comes, empty.
func (k *Keeper) makePlaces(m mover, p *plan) error {
	for i := range p.Areas {
		a := &p.Areas[i]
		if a.Whole || a.All {
			if err := removeTree(m, m.container(a, "new")); err != nil {
				return access(err)
			}
		}
		if err := m.mkdir(a, m.container(a, "new")); err != nil {
			return access(err)
		}
	}
	return nil
}

// erase empties the directories of a server that is stopped first. From its start on nothing can be put back.
func (k *Keeper) erase(ctx context.Context, w *method.Work, m mover, p *plan) (*Place, error) {
	if err := k.stop(ctx, p); err != nil {
		if !p.Erased {
			err = errors.Join(err, k.PutBack(ctx, w))
		}
		return nil, err
	}
	if !p.Erased {
		if err := p.addExternal(); err != nil {
			return nil, errors.Join(err, k.PutBack(ctx, w))
		}
		p.Erased = true
		if err := p.save(w, phaseErasing); err != nil {
			return nil, err
		}
	}
	text := fmt.Sprintf("The data of this server was erased for seed %d, because the disk could not hold the old and the new data.\nDo not start MySQL here.\n", w.SeedID)
	if err := m.Write(filepath.Join(p.Layout.Real, erasedMarker), []byte(text), 0o644); err != nil {
		return nil, err
	}
	if err := p.tell(w, agentapi.OldDataErased, ""); err != nil {
		return nil, err
	}
	if err := p.removeData(m); err != nil {
		return nil, err
	}
	if err := k.makePlaces(m, p); err != nil {
		return nil, err
	}
	if err := p.save(w, phaseReceiving); err != nil {
		return nil, err
	}
	return p.place(), nil
}

// removeData removes the data of a directory that is marked as erased. The server's own files stay.
func (p *plan) removeData(m mover) error {
	for i := range p.Areas {
		a := p.Areas[i]
		a.All = a.All || a.Whole
		err := m.each(&a, func(name string) error {
			if i == 0 && (name == erasedMarker || fits(name, own)) {
				return nil
			}
			return m.RemoveTree(filepath.Join(a.Dir, name))
		})
		if err != nil {
			return fmt.Errorf("erase the old data: %w", err)
		}
	}
	return nil
}

// eraseOrNot ends an erasing that was stopped: nothing was removed before the mark was set, and what is left of data of
// which a part is gone is worth nothing.
func (k *Keeper) eraseOrNot(ctx context.Context, m mover, p *plan) error {
	if p.Erased = exists(filepath.Join(p.Layout.Real, erasedMarker)); !p.Erased {
		return nil
	}
	if err := k.stop(ctx, p); err != nil {
		return err
	}
	return p.removeData(m)
}

// clear removes everything of the seed's that is not old data.
func (k *Keeper) clear(m mover, p *plan) error {
	var errs []error
	for i := range p.Areas {
		a := &p.Areas[i]
		errs = append(errs, m.remove(a, "new"), m.remove(a, "bad"))
		if a.Made && exists(a.Dir) {
			_ = m.Remove(a.Dir) // stays when somebody put something into it
		}
		if a.Made && filepath.Dir(a.Dir) == p.Layout.Real+externalSuffix {
			_ = m.Remove(filepath.Dir(a.Dir))
		}
	}
	return errors.Join(errs...)
}

// shared says whether two areas are one directory.
func (p *plan) find(dir string) *area {
	i := slices.IndexFunc(p.Areas, func(a area) bool { return a.Dir == dir })
	if i < 0 {
		return nil
	}
	return &p.Areas[i]
}
