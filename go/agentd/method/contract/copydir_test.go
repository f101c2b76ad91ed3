package contract_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/stream"
)

// copyDir is a method that replaces one directory of the target by that of the source, with tar. The directory stands for a
// server's data; in its file "position" there is where the copy stands.
type copyDir struct {
	dir  string // the directory, the same name on both sides or not
	addr string // host:port of this host's data port
}

var _ method.Method = (*copyDir)(nil)

// A method of your own has a name of its own in agentapi.Methods.
func (m *copyDir) Name() agentapi.Method { return agentapi.LVM }

func (m *copyDir) Offer(context.Context) (agentapi.MethodOffer, error) {
	if _, err := exec.LookPath("tar"); err != nil {
		return agentapi.MethodOffer{}, err
	}
	return agentapi.MethodOffer{BackupSide: agentapi.Source, SupportedEngines: []string{"InnoDB"}, BackupToDatadir: true}, nil
}

// Beside the directory there are, while a seed runs, what is received and what was there before.
func (m *copyDir) received() string { return m.dir + ".received" }
func (m *copyDir) old() string      { return m.dir + ".old" }

// Prepare starts from the beginning, whatever an earlier attempt left, and opens the receiving end.
func (m *copyDir) Prepare(_ context.Context, w *method.Work) error {
	if w.Side == agentapi.Source {
		return nil
	}
	if w.Terms.Secret == "" {
		return &method.StageError{Code: "other-agent", Text: "the other agent is not one of ours", Hint: "Install ours there.", Permanent: true}
	}
	if err := m.putBack(w); err != nil {
		return err
	}
	if err := os.Mkdir(m.received(), 0o700); err != nil {
		return err
	}
	if err := w.Run.Remember("received", false); err != nil {
		return err
	}
	return w.Run.Background(func(ctx context.Context, run method.Runner) error { return m.receive(ctx, w, run) })
}

// receive runs beside the stages: what it starts, it starts through the runner that it was given.
func (m *copyDir) receive(ctx context.Context, w *method.Work, run method.Runner) error {
	r, err := stream.Listen(ctx, m.addr, stream.Options{
		Secret: w.Terms.Secret, SeedID: w.SeedID,
		Progress: func(p stream.Progress) { run.Progress(p.Bytes, w.Terms.SourceBytes, "receiving") },
	})
	if err != nil {
		return err
	}
	defer r.Close()
	tar := run.Command(ctx, nil, "tar", "-x", "-C", m.received())
	in, err := tar.StdinPipe()
	if err != nil {
		return err
	}
	if err := tar.Start(); err != nil {
		return err
	}
	// Both ends count: the stream's, which is good only if the sender's tar ended well, and that of the tar here.
	sum, err := r.Receive(ctx, in, func() error { return errors.Join(in.Close(), tar.Wait()) })
	if err != nil {
		in.Close()
		return errors.Join(err, tar.Wait())
	}
	run.Say(fmt.Sprintf("received %d bytes", sum.Bytes))
	return run.Remember("received", true)
}

// Backup sends on the source; on the target it waits for the receiving end, whose progress and error are then the stage's.
func (m *copyDir) Backup(ctx context.Context, w *method.Work) error {
	if w.Side == agentapi.Target {
		return w.Run.Join(ctx)
	}
	tar := w.Run.Command(ctx, nil, "tar", "-c", "-C", m.dir, ".")
	out, err := tar.StdoutPipe()
	if err != nil {
		return err
	}
	if err := tar.Start(); err != nil {
		return err
	}
	_, err = stream.Send(ctx, fmt.Sprintf("%s:%d", w.PeerHost, w.Terms.DataPort), out, tar.Wait, stream.Options{
		Secret: w.Terms.Secret, SeedID: w.SeedID, Limit: w.Run.Limit,
		Progress: func(p stream.Progress) { w.Run.Progress(p.Bytes, w.Terms.SourceBytes, "sending") },
	})
	if err != nil {
		out.Close()
		return errors.Join(err, tar.Wait())
	}
	return nil
}

// Restore puts the new data in place, after a look that they are whole. Killed anywhere, it goes on when it is called again.
func (m *copyDir) Restore(ctx context.Context, w *method.Work) error {
	if err := w.Run.Join(ctx); err != nil {
		return err
	}
	whole := false
	if _, err := w.Run.Recall("received", &whole); err != nil || !whole {
		return errors.Join(errors.New("the copy is not whole"), err)
	}
	if !exists(m.old()) {
		if err := os.Rename(m.dir, m.old()); err != nil {
			return err
		}
	}
	if err := w.Run.OldData(agentapi.OldDataAside, m.old()); err != nil {
		return err
	}
	if !exists(m.received()) {
		return nil // done before
	}
	return os.Rename(m.received(), m.dir)
}

func (m *copyDir) Metadata(context.Context, *method.Work) (meta agentapi.Metadata, err error) {
	f, err := os.Open(filepath.Join(m.dir, "position"))
	if err != nil {
		return meta, err
	}
	defer f.Close()
	_, err = fmt.Fscan(f, &meta.LogFile, &meta.LogPos)
	return meta, err
}

// Cleanup is called when the new data are in use: from here on they stay.
func (m *copyDir) Cleanup(_ context.Context, w *method.Work) error {
	if w.Side == agentapi.Source {
		return nil
	}
	if err := w.Run.Remember("stays", true); err != nil {
		return err
	}
	return m.drop(w)
}

func (m *copyDir) drop(w *method.Work) error {
	if err := os.RemoveAll(m.old()); err != nil {
		return err
	}
	return w.Run.OldData(agentapi.OldDataRemoved, "")
}

// Release leaves nothing of the seed: the old data back, or, when Cleanup had begun, the new ones.
func (m *copyDir) Release(_ context.Context, w *method.Work) error {
	if w.Side == agentapi.Source {
		return nil
	}
	stays := false
	if _, err := w.Run.Recall("stays", &stays); err != nil {
		return err
	}
	if stays {
		return m.drop(w)
	}
	return m.putBack(w)
}

func (m *copyDir) putBack(w *method.Work) error {
	state := agentapi.OldDataInPlace
	if exists(m.old()) {
		state = agentapi.OldDataPutBack
		if err := os.RemoveAll(m.dir); err != nil {
			return err
		}
		if err := os.Rename(m.old(), m.dir); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(m.received()); err != nil {
		return err
	}
	return w.Run.OldData(state, m.dir)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
