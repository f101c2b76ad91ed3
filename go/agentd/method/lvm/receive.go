package lvm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/datadir"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/filetree"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/stream"
)

// receiver is the receiving end of either stream.
type receiver interface {
	Addr() net.Addr
	Receive(ctx context.Context, dst io.Writer, ended func() error) (stream.Summary, error)
	Close() error
}

var (
	_ receiver = (*stream.Receiver)(nil)
	_ receiver = (*stream.PlainReceiver)(nil)
)

// open is Prepare on the target: a place for the new data, and the receiving end, which goes on when the stage is over.
func (m *LVM) open(ctx context.Context, w *method.Work) error {
	u, err := m.begin(ctx, w)
	if err != nil {
		return err
	}
	if err := w.Run.Background(u.run); err != nil {
		return err
	}
	select {
	case err = <-u.ready:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	w.Run.Say(fmt.Sprintf("waiting for the data at %s, to be written to %s", u.at, u.place.Receive))
	return nil
}

// begin goes on with what an earlier attempt received, if that can be used, or begins anew.
func (m *LVM) begin(ctx context.Context, w *method.Work) (*receiving, error) {
	u := &receiving{m: m, dir: w.Dir, id: w.SeedID, secret: w.Terms.Secret, total: w.Terms.SourceBytes, ready: make(chan error, 1)}
	if m.earlier(ctx, w, u) {
		w.Run.Say(fmt.Sprintf("%s in %d files of the earlier attempt are here", method.Size((&filetree.Manifest{Entries: u.have}).Bytes()), len(u.have)))
		return u, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := clean(w.Dir); err != nil {
		return nil, err
	}
	if err := errors.Join(w.Run.Remember(provenKey, false), w.Run.Remember(settledKey, false)); err != nil {
		return nil, err
	}
	var err error
	u.place, err = m.o.Keeper.Begin(ctx, w, w.Terms.SourceBytes)
	return u, err
}

// earlier says whether an earlier attempt left files that are whole, and are still only what was received.
func (m *LVM) earlier(ctx context.Context, w *method.Work, u *receiving) bool {
	var proven, settled bool
	_, perr := w.Run.Recall(provenKey, &proven)
	_, serr := w.Run.Recall(settledKey, &settled)
	if u.secret == "" || proven || settled || perr != nil || serr != nil {
		return false
	}
	var err error
	if u.place, err = m.o.Keeper.Place(w); err != nil {
		return false
	}
	u.tree, u.have, err = filetree.ReadLog(ctx, filepath.Join(w.Dir, logFile), u.place.Receive)
	if err != nil || len(u.have) == 0 {
		return false
	}
	_ = os.Remove(filepath.Join(w.Dir, manifestFile)) // of a whole copy that did not come to its end
	_, err = os.Lstat(filepath.Join(w.Dir, manifestFile))
	return errors.Is(err, os.ErrNotExist)
}

// receiving is the run in the background.
type receiving struct {
	m      *LVM
	place  *datadir.Place
	dir    string // the seed's own
	id     int64
	secret string
	total  int64
	at     net.Addr
	ready  chan error
	// tree and have are what an earlier attempt received.
	tree string
	have []filetree.Entry
}

func (u *receiving) listen(ctx context.Context) (receiver, error) {
	addr := net.JoinHostPort(u.m.o.Bind, strconv.Itoa(u.m.o.Port))
	if u.secret != "" {
		return stream.Listen(ctx, addr, stream.Options{Secret: u.secret, SeedID: u.id, Note: note(u.tree, len(u.have)), Logger: u.m.log})
	}
	o := stream.PlainOptions{Logger: u.m.log}
	if u.m.o.PlainServer != nil {
		var err error
		if o.TLS, err = u.m.o.PlainServer(); err != nil {
			return nil, fmt.Errorf("socat-use-ssl: %w", err)
		}
	}
	return stream.ListenPlain(ctx, addr, o)
}

func (u *receiving) run(ctx context.Context, run method.Runner) error {
	in, err := u.listen(ctx)
	if err == nil {
		u.at = in.Addr()
	}
	u.ready <- err
	if err != nil {
		return err
	}
	defer in.Close()
	out, dst := io.Pipe()
	unpacked := make(chan error, 1)
	go func() {
		err := u.unpack(ctx, run, out)
		out.CloseWithError(err) // what is still to come is refused, with the reason
		unpacked <- err
	}()
	waited := false
	ended := func() error {
		waited = true
		dst.Close()
		return <-unpacked
	}
	sum, err := in.Receive(ctx, dst, ended)
	if !waited {
		dst.CloseWithError(errors.New("the stream broke off"))
		if uerr := <-unpacked; uerr != nil && errors.Is(err, uerr) {
			err = uerr
		}
	}
	if err != nil {
		return cause(ctx, err)
	}
	run.Say("received: " + sent(sum)[len("sent "):])
	return nil
}

// unpack writes the files, and at their end what proves them.
func (u *receiving) unpack(ctx context.Context, run method.Runner, src io.Reader) error {
	var log *filetree.Log
	defer func() {
		if log != nil {
			log.Close()
		}
	}()
	o := filetree.UnpackOptions{
		Have: u.have,
		Head: func(bytes int64, notes map[string]string) (err error) {
			u.total = bytes
			log, err = filetree.NewLog(filepath.Join(u.dir, logFile), notes[treeNote])
			return err
		},
		Whole: func(e filetree.Entry) error { return log.Add(e) },
		Done:  func(bytes int64) { run.Progress(bytes, max(u.total, bytes), "receiving files") },
	}
	unpack := filetree.Unpack
	if u.secret == "" {
		unpack = filetree.UnpackTar
	}
	m, err := unpack(ctx, src, u.place.Receive, o)
	if err != nil {
		return diskError(u.place.Receive, err)
	}
	if u.secret == "" {
		if m, err = settle(u.place.Receive, m); err != nil {
			return err
		}
	}
	if _, err := ParseMetadata(m.Notes[positionNote]); err != nil {
		return permanently(failed(CodePosition, "the source's snapshot must hold a file "+metadataFile+" in the data directory", err, "the copy does not say where it stands in the binary log"))
	}
	return keep(u.dir, m)
}

// Files in the seed's directory beside the position.
const (
	manifestFile = "manifest"
	logFile      = "received"
)

// keep writes position and manifest into the seed's directory; the manifest's being there says that all has arrived.
func keep(dir string, m *filetree.Manifest) error {
	if err := write(filepath.Join(dir, metadataFile), func(f io.Writer) error {
		_, err := io.WriteString(f, m.Notes[positionNote])
		return err
	}); err != nil {
		return err
	}
	return write(filepath.Join(dir, manifestFile), func(f io.Writer) error {
		_, err := m.WriteTo(f)
		return err
	})
}

// write makes a file that is there with all of its content, or not at all.
func write(path string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = fill(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// clean removes everything of this method's from the seed's directory.
func clean(dir string) error {
	for _, name := range []string{metadataFile, manifestFile, logFile} {
		for _, name := range []string{name, name + ".new"} {
			if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("clean up: %w", err)
			}
		}
	}
	return nil
}

// join is Backup on the target: it waits for the receiving end.
func (m *LVM) join(ctx context.Context, w *method.Work) error {
	err := w.Run.Join(ctx)
	if errors.Is(err, method.ErrNoBackground) {
		return failed(CodeIncomplete, "the seed begins again with Prepare", err, "nothing was received")
	}
	return err
}
