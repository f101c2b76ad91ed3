package lvm

import "io/fs"

// entry is a directory entry of a kind.
type entry bool

const (
	file entry = false
	dir  entry = true
)

func (e entry) Name() string { return "" }

func (e entry) IsDir() bool { return bool(e) }

func (e entry) Type() fs.FileMode { return 0 }

func (e entry) Info() (fs.FileInfo, error) { return nil, fs.ErrNotExist }
