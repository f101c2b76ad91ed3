package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ErrLocked is returned by Open when another agent uses the directory.
var ErrLocked = errors.New("state directory is in use by another agent")

// Journal is the open state directory of one agent. Its methods may be called from many goroutines.
type Journal struct {
	dir  string
	lock *os.File
	mu   sync.Mutex // one write at a time
}

// Quarantined is a file that could not be read and was put aside.
type Quarantined struct {
	Path string // where it is now
	Err  error
}

// Open makes dir if need be (mode 0700) and locks it. ErrLocked when another process, or another Journal of this one, has
// it open.
func Open(dir string) (*Journal, error) {
	if err := os.MkdirAll(filepath.Join(dir, "seeds"), 0o700); err != nil {
		return nil, fmt.Errorf("open state directory: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open state directory: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = ErrLocked
		}
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return &Journal{dir: dir, lock: lock}, nil
}

// Close gives the directory free.
func (j *Journal) Close() error { return j.lock.Close() }

// Load reads every entry, ordered by seed ID. Files that cannot be understood are moved to quarantine/ and listed; the
// error is only for a directory that cannot be read.
func (j *Journal) Load() ([]*Entry, []Quarantined, error) {
	files, err := os.ReadDir(j.seeds())
	if err != nil {
		return nil, nil, fmt.Errorf("read journal: %w", err)
	}
	var entries []*Entry
	var bad []Quarantined
	for _, f := range files {
		path := filepath.Join(j.seeds(), f.Name())
		id, ok := seedOf(f.Name())
		if !ok {
			if strings.HasPrefix(f.Name(), tmpPrefix) {
				os.Remove(path) // a write that was cut
			}
			continue
		}
		e, err := read(path)
		if err == nil && e.SeedID != id {
			err = fmt.Errorf("holds seed %d", e.SeedID)
		}
		if err != nil {
			bad = append(bad, j.quarantine(path, err))
			continue
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b *Entry) int { return int(min(1, max(-1, a.SeedID-b.SeedID))) })
	return entries, bad, nil
}

func read(path string) (*Entry, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parse(b)
}

func (j *Journal) quarantine(path string, why error) Quarantined {
	dir := filepath.Join(j.dir, "quarantine")
	to := filepath.Join(dir, filepath.Base(path)+"."+time.Now().UTC().Format("20060102T150405.000000000"))
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = os.Rename(path, to)
	}
	if err != nil {
		to = path
	}
	return Quarantined{Path: to, Err: errors.Join(why, err)}
}

// Write replaces the seed's file; it has reached the disk when nil is returned. On an error the old file is as it was.
func (j *Journal) Write(e *Entry) error {
	b, err := json.MarshalIndent(e, "", " ")
	if err != nil {
		return fmt.Errorf("journal seed %d: %w", e.SeedID, err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := WriteFile(j.path(e.SeedID), b); err != nil {
		return fmt.Errorf("journal seed %d: %w", e.SeedID, err)
	}
	return nil
}

// Delete removes the seed's file; nil when there is none.
func (j *Journal) Delete(seedID int64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := os.Remove(j.path(seedID)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget seed %d: %w", seedID, err)
	}
	return nil
}

const (
	tmpPrefix  = ".new-"
	filePrefix = "seed-"
	fileSuffix = ".json"
)

func (j *Journal) seeds() string { return filepath.Join(j.dir, "seeds") }

func (j *Journal) path(seedID int64) string {
	return filepath.Join(j.seeds(), filePrefix+strconv.FormatInt(seedID, 10)+fileSuffix)
}

func seedOf(name string) (int64, bool) {
	s, ok := strings.CutPrefix(name, filePrefix)
	s, ok2 := strings.CutSuffix(s, fileSuffix)
	id, err := strconv.ParseInt(s, 10, 64)
	return id, ok && ok2 && err == nil
}

// WriteFile replaces a file of mode 0600 atomically and durably: a temporary file beside it is written and synced, renamed,
// and the directory is synced.
func WriteFile(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), tmpPrefix)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
