package stream

import (
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Compression says whether the sender packs the payload with zstd.
type Compression string

// Values of Compression. The zero value is Auto.
const (
	Auto Compression = ""    // when measuring says that the copy is faster for it
	On   Compression = "on"  // every frame that gets smaller
	Off  Compression = "off" // never
)

// ParseCompression takes "auto" or "", "on", "off".
func ParseCompression(s string) (Compression, error) {
	switch s {
	case "", "auto":
		return Auto, nil
	case string(On), string(Off):
		return Compression(s), nil
	}
	return Auto, fmt.Errorf("%q is no compression: auto, on, off", s)
}

// Defaults of Options and PlainOptions, and the bound of one frame's payload.
const (
	DefaultPatience      = time.Minute
	DefaultFirstPatience = 10 * time.Minute
	DefaultWindow        = 16 << 20
	minWindow            = 4 * frameSize
	frameSize            = 256 << 10
)

// Options of one end of a stream between our agents.
type Options struct {
	Secret   string      // 64 hex digits, the same on both ends, made for this one stream
	SeedID   int64       // the same on both ends
	Compress Compression // the sender's
	// Connections is the sender's; 0 is as measured best. One was measured best, and more are not made: docs/stream.md.
	Connections int
	Limit       func() int64     // the sender's: bytes a second on the line now, 0 for no bound; asked ten times a second or more
	Progress    func(p Progress) // called five times a second at most, by one goroutine
	// Patience is how long the sender waits for a receiver that is late, and both for a peer that is away after a break;
	// default 1 minute.
	Patience time.Duration
	// FirstPatience is how long the receiver waits for the sender's first connection; default 10 minutes, or Patience if
	// that is longer.
	FirstPatience time.Duration
	Window        int64 // bytes that the sender keeps to send again; default 16 MiB, at least 1 MiB
	// Note is what the receiver tells the sender before that begins, 4 KiB at most; Noted, the sender's, is called with it once,
	// when the receiver was met first. What src gives may depend on it.
	Note   string
	Noted  func(note string)
	Logger *slog.Logger
}

// Progress of one end so far.
type Progress struct {
	Bytes int64 // of the tool's output: sent, or written to dst
	Wire  int64 // on the line, all connections together
}

// Summary of a stream.
type Summary struct {
	Bytes       int64
	Wire        int64
	Hash        string // of the whole payload, XXH3-128 in hex; "" on a plain stream
	Connections int    // at a time
	Reconnects  int    // after a break
	Compressed  bool   // some of the payload was
}

func (o Options) withDefaults() (Options, error) {
	if raw, err := hex.DecodeString(o.Secret); err != nil || len(raw) != secretSize {
		return o, errors.New("the stream's secret is not 64 hex digits")
	}
	if len(o.Note) > maxNote {
		return o, errors.New("the receiver's note is too long")
	}
	if o.Patience <= 0 {
		o.Patience = DefaultPatience
	}
	if o.FirstPatience <= 0 {
		o.FirstPatience = max(DefaultFirstPatience, o.Patience)
	}
	if o.Window <= 0 {
		o.Window = DefaultWindow
	}
	o.Window = max(o.Window, minWindow)
	if o.Limit == nil {
		o.Limit = unlimited
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.Noted == nil {
		o.Noted = func(string) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

const maxNote = 4 << 10

func unlimited() int64 { return 0 }

// quiet is how long a connection may stay without a byte from the other side before it counts as broken: black-holed
// connections tell nothing else.
func quiet(patience time.Duration) time.Duration {
	return min(max(patience/4, 250*time.Millisecond), 15*time.Second)
}
