package cli

import (
	"context"
	"io"
	"os"
	"time"
)

// Options are what the command line needs from the program around it.
type Options struct {
	Args           []string // without the program's name
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Serve runs the service until ctx ends; nil makes "http" an error.
	Serve func(ctx context.Context, o ServeOptions) error
	// BackupBackend copies the backend database and returns the copy's size in bytes; nil makes "backup-backend" an error.
	BackupBackend func(ctx context.Context, o BackupOptions) (int64, error)
	// Version is what "version" prints; "" is "unknown".
	Version string
	// Terminal says whether a stream is a terminal and how many columns it has; nil asks the system.
	Terminal func(stream any) (columns int, ok bool)
	// Now is the time; nil is time.Now.
	Now func() time.Time
	// Location is where a person is; nil is time.Local.
	Location *time.Location
}

// ServeOptions are the flags of "http".
type ServeOptions struct {
	ConfigPath string // "" looks at the usual places
	Debug      bool   // log at debug level
	Version    string
	Stderr     io.Writer // where the log goes
}

// BackupOptions are the flags of "backup-backend".
type BackupOptions struct {
	ConfigPath string // "" looks at the usual places
	File       string // the copy, which must not exist
}

func (o Options) withDefaults() Options {
	if o.Stdin == nil {
		o.Stdin = os.Stdin
	}
	if o.Stdout == nil {
		o.Stdout = os.Stdout
	}
	if o.Stderr == nil {
		o.Stderr = os.Stderr
	}
	if o.Version == "" {
		o.Version = "unknown"
	}
	if o.Terminal == nil {
		o.Terminal = terminalWidth
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Location == nil {
		o.Location = time.Local
	}
	return o
}
