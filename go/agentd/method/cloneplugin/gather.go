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
