package cloneplugin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// gather moves what the server wrote one level up, to where the keeper takes it from: the server makes the directory it
// clones into itself, and the keeper has made its own. What is interrupted in the middle goes on when it is called again.
func gather(p plan) error {
	if p.InPlace {
		return nil
	}
	if err := p.move(); err != nil {
		return err
	}
	if !p.received() {
		return failed(CodeIncomplete, "start the backup again", nil, "the server says that the clone is complete, but it is not in %s", p.Receive)
	}
	return nil
}

// recordFile is where a server finds, in a directory that it starts on, that this is a clone and of what.
var recordFile = filepath.Join("#clone", "#view_status")

// received says whether a clone is there, moved or not.
func (p plan) received() bool {
	for _, dir := range []string{p.Dir, p.Receive} {
		if _, err := os.Stat(filepath.Join(dir, recordFile)); err == nil {
			return true
		}
	}
	return p.InPlace
}

func (p plan) move() error {
	entries, err := os.ReadDir(p.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("move the clone: %w", err)
	}
	for _, e := range entries {
		if err := os.Rename(filepath.Join(p.Dir, e.Name()), filepath.Join(p.Receive, e.Name())); err != nil {
			return fmt.Errorf("move the clone: %w", err)
		}
	}
	if err := os.Remove(p.Dir); err != nil {
		return fmt.Errorf("move the clone: %w", err)
	}
	return nil
}
