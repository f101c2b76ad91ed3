package xtrabackup

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// decompress unpacks files that the tool compressed one by one, where that was not done on arrival.
func (m *Xtrabackup) decompress(ctx context.Context, w *method.Work, t *tool, dir string) error {
	found, err := compressed(dir)
	if err != nil || !found {
		return err
	}
	if err := t.canDecompress(); err != nil {
		return err
	}
	w.Run.Say("decompressing the copy with " + t.name())
	if err := m.toolOn(ctx, w, t, t.decompressArguments(dir, &m.extra), nil); err != nil {
		if full := diskFull(dir, err.Error(), err); full != nil {
			return full
		}
		return err
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && isCompressed(d) {
			err = os.Remove(path)
		}
		return err
	})
}

// canDecompress: mariabackup needs a program that is no part of it.
func (t *tool) canDecompress() error {
	if !t.maria {
		return nil
	}
	if _, err := exec.LookPath("qpress"); err != nil {
		return permanently(failed(CodeTool, "install qpress on this host, or leave --compress out of the source's xtrabackup-addtional-opts: data is compressed on its way anyway where that is faster",
			err, "files that mariabackup compresses can't be decompressed"))
	}
	return nil
}

var errFound = errors.New("found")

func compressed(dir string) (bool, error) {
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && isCompressed(d) {
			err = errFound
		}
		return err
	})
	if errors.Is(err, errFound) {
		return true, nil
	}
	return false, err
}

// isCompressed: a dot can't stand in the name of a table's or a schema's own file but before its end.
func isCompressed(d fs.DirEntry) bool {
	if !d.Type().IsRegular() {
		return false
	}
	switch filepath.Ext(d.Name()) {
	case ".qp", ".lz4", ".zst":
		return true
	}
	return false
}
