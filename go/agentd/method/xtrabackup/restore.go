package xtrabackup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/quiet"
)

// Keys of the journal.
const (
	stateKey    = "xtrabackup"
	receivedKey = "xtrabackup-received"
)

// restoreState is how far Restore came. From Prepared on, the copy lacks nothing; from Settled on, the server's program has
// run on it and only the swap is left.
type restoreState struct{ Prepared, Settled bool }

// infoDir is the directory, below the seed's own, that keeps what the tool says about the copy.
const infoDir = "info"

// Restore implements method.Method. It may be started again at any time.
func (m *Xtrabackup) Restore(ctx context.Context, w *method.Work) error {
	if w.Side != agentapi.Target {
		return nil
	}
	var state restoreState
	if _, err := w.Run.Recall(stateKey, &state); err != nil {
		return err
	}
	if !state.Prepared {
		if err := m.join(ctx, w); err != nil {
			return err
		}
		if err := m.prepareCopy(ctx, w); err != nil {
			return err
		}
		if err := w.Run.Remember(stateKey, restoreState{Prepared: true}); err != nil {
			return err
		}
	}
	if err := m.removeOwn(w); err != nil {
		return err
	}
	if !state.Settled {
		place, err := m.o.Keeper.Place(w)
		if err != nil {
			return err
		}
		if err := quiet.Settle(ctx, w, place.Receive, place.Layout.Program); err != nil {
			return err
		}
		if err := w.Run.Remember(stateKey, restoreState{Prepared: true, Settled: true}); err != nil {
			return err
		}
	}
	return m.swap(ctx, w)
}

// swap puts the copy in the place of the old data, with a first start that is quiet.
func (m *Xtrabackup) swap(ctx context.Context, w *method.Work) error {
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

// prepareCopy proves what arrived and makes a consistent data directory of it.
func (m *Xtrabackup) prepareCopy(ctx context.Context, w *method.Work) error {
	place, err := m.o.Keeper.Place(w)
	if err != nil {
		return err
	}
	t, err := m.localTool(ctx)
	if err != nil {
		return err
	}
	dir := place.Receive
	if err := m.decompress(ctx, w, t, dir); err != nil {
		return err
	}
	c, err := prove(dir, t)
	if err != nil {
		return err
	}
	// Also when the copy says that it is prepared: a run before this one may have failed after it wrote that.
	if err := m.applyLog(ctx, w, t, dir, c); err != nil {
		return err
	}
	again, err := readCheckpoints(dir)
	if err != nil || !again.prepared() {
		return failed(CodePrepare, "", err, "%s ended with success, but the copy is of the kind %q", t.name(), again.kind)
	}
	return keepInfo(dir, filepath.Join(w.Dir, infoDir))
}

// prove looks whether everything arrived: the tool writes the files that are asked for here last.
func prove(dir string, t *tool) (checkpoints, error) {
	hint := "the copy is cut off: the seed begins again with Prepare and Backup"
	c, err := readCheckpoints(dir)
	if err != nil {
		return c, failed(CodeIncomplete, hint, err, "the copy is not complete")
	}
	if err := c.check(); err != nil {
		return c, failed(CodeIncomplete, hint, err, "the copy is not complete")
	}
	info, err := readInfo(dir, infoNames)
	if err != nil {
		return c, failed(CodeIncomplete, hint, err, "the copy is not complete")
	}
	text, err := readInfo(dir, binlogInfoNames)
	if err == nil {
		_, err = parseBinlogInfo(text)
	}
	if err != nil {
		return c, permanently(failed(CodePosition, "is the binary log of the source on?", err, "the copy doesn't say its position"))
	}
	return c, sameTool(values(info)["tool_version"], t)
}

// sameTool: the log of a copy is applied by the tool that made it, of the same series.
func sameTool(made string, t *tool) error {
	var major, minor int
	if n, _ := fmt.Sscanf(made, "%d.%d", &major, &minor); n != 2 {
		return nil // it doesn't say
	}
	if major != t.major || minor != t.minor {
		return permanently(failed(CodeTool, "both hosts need the same series of the backup tool: the one that fits the source's server", nil,
			"the copy was made with version %s, but %s is here", made, t.text))
	}
	return nil
}

func readCheckpoints(dir string) (checkpoints, error) {
	text, err := readInfo(dir, checkpointsNames)
	if err != nil {
		return checkpoints{}, err
	}
	return parseCheckpoints(text)
}

// applyLog runs the tool's own prepare.
func (m *Xtrabackup) applyLog(ctx context.Context, w *method.Work, t *tool, dir string, c checkpoints) error {
	free, err := freeMemory("/")
	if err != nil {
		return err
	}
	memory := prepareMemory(free, max(received(w), w.Terms.SourceBytes))
	w.Run.Say(fmt.Sprintf("applying %s of log to the copy, with %s of memory", method.Size(int64(c.end-c.checkpoint)), method.Size(memory)))
	begun := time.Now()
	follow := &applying{checkpoints: c}
	last := ""
	on := func(text string) {
		if done, total, what, changed := follow.line(text); changed && what != last {
			last = what
			w.Run.Progress(done, total, what)
		}
	}
	if err := m.toolOn(ctx, w, t, t.prepareArguments(dir, memory, &m.extra), on); err != nil {
		if full := diskFull(dir, err.Error(), err); full != nil && ctx.Err() == nil {
			return full
		}
		return err
	}
	w.Run.Say(fmt.Sprintf("the copy is consistent at log position %d, after %.1f s", c.end, time.Since(begun).Seconds()))
	return nil
}

// toolOn runs the tool on what arrived; on hears its lines.
func (m *Xtrabackup) toolOn(ctx context.Context, w *method.Work, t *tool, args []string, on func(string)) error {
	messages := &said{on: on}
	cmd := w.Run.Command(ctx, nil, t.path, args...)
	cmd.Stderr, cmd.Stdout = messages, messages
	err := cmd.Run()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return failed(CodePrepare, "agent-retry-seed tries it again on the same copy; if that fails too, start a new seed",
			fmt.Errorf("%w: %s", err, messages.errors()), "%s %s failed", t.name(), args[0])
	}
	if !messages.completed() {
		return failed(CodePrepare, "agent-retry-seed tries it again on the same copy", nil,
			"%s %s ended with success, but without saying that it was complete: %s", t.name(), args[0], messages.errors())
	}
	return nil
}

// keepInfo copies what the tool says about the copy, to be there when the copy is in use.
func keepInfo(from, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return fmt.Errorf("keep the position: %w", err)
	}
	for _, names := range [][]string{binlogInfoNames, checkpointsNames, infoNames} {
		text, err := readInfo(from, names)
		if err != nil {
			return fmt.Errorf("keep the position: %w", err)
		}
		if err := writeSynced(filepath.Join(to, names[len(names)-1]), text); err != nil {
			return fmt.Errorf("keep the position: %w", err)
		}
	}
	return nil
}

func writeSynced(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// removeOwn removes the tool's own files from the copy, if that is not swapped in yet.
func (m *Xtrabackup) removeOwn(w *method.Work) error {
	place, err := m.o.Keeper.Place(w)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(place.Receive)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove the tool's files: %w", err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !ownFile(e.Name()) {
			continue
		}
		if err := os.Remove(filepath.Join(place.Receive, e.Name())); err != nil {
			return fmt.Errorf("remove the tool's files: %w", err)
		}
	}
	return nil
}

// Metadata implements method.Method: the position that the tool wrote, from the seed's own directory.
func (m *Xtrabackup) Metadata(_ context.Context, w *method.Work) (agentapi.Metadata, error) {
	text, err := readInfo(filepath.Join(w.Dir, infoDir), binlogInfoNames)
	if err != nil {
		return agentapi.Metadata{}, fmt.Errorf("read metadata: %w", err)
	}
	p, err := parseBinlogInfo(text)
	if err != nil {
		return agentapi.Metadata{}, fmt.Errorf("read metadata: %w", err)
	}
	return p, nil
}
