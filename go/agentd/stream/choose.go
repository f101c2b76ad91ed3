package stream

import "time"

// chooser decides, while the stream runs, whether frames are packed. It asks one question only, is the copy faster for it,
// and answers it by trying: for a period the other way, and then whichever was faster. Whether the line, a limit, the tools,
// or this host's processors are the bottleneck does not have to be known; but a try that cannot win is not made, so that
// trying costs next to nothing:
//
//   - not packed, and the line is not what is waited for: packing cannot help;
//   - not packed, the line is waited for, but one packed frame shows that packing is too slow, or saves too little;
//   - packed, and the line still is what is waited for: more bytes on it cannot be faster.
type chooser struct {
	mode Compression
	on   bool
	try  bool    // this period is a try, of what on says
	base float64 // payload bytes a second before the try

	started  bool
	since    time.Time
	at       sample
	frames   int
	patience int // periods until the next try
	pause    int // what patience is set to after a try that lost: grows
}

// sample is what was counted so far.
type sample struct {
	payload    int64         // sent
	blocked    time.Duration // in writes to the line
	raw, wire  int64         // of packed frames: before and after
	connection int           // a new one begins with an empty socket buffer
}

const (
	choosePeriod = 500 * time.Millisecond
	chooseFrames = 4
	maxPause     = 64 // periods
	better       = 1.1
)

// trial packs one frame to see what it would bring: bytes a second, and bytes after for one before.
type trial func() (speed, ratio float64)

// packs says whether the next frame is packed.
func (c *chooser) packs(now time.Time, s sample, t trial) bool {
	if c.mode != Auto {
		return c.mode == On
	}
	if !c.started || s.connection != c.at.connection {
		c.started, c.since, c.at, c.frames = true, now, s, 0
		return c.on
	}
	c.frames++
	if elapsed := now.Sub(c.since); elapsed >= choosePeriod && c.frames >= chooseFrames {
		rate := float64(s.payload-c.at.payload) / elapsed.Seconds()
		share := (s.blocked - c.at.blocked).Seconds() / elapsed.Seconds()
		ratio := 1.0
		if s.raw > c.at.raw {
			ratio = float64(s.wire-c.at.wire) / float64(s.raw-c.at.raw)
		}
		c.decide(rate, share, ratio, t)
		c.since, c.at, c.frames = now, s, 0
	}
	return c.on
}

// decide ends a period: rate is the payload's, share the part of the time in writes, ratio what packing made of a byte.
func (c *chooser) decide(rate, share, ratio float64, t trial) {
	switch {
	case c.try:
		won := rate > better*c.base
		if !c.on { // not packing is cheaper: it wins if it is no slower
			won = rate > 0.98*c.base
		}
		c.try = false
		if won {
			c.pause, c.patience = 2, 4
			return
		}
		c.on = !c.on
		c.lost()
	case c.on && ratio > 0.95:
		c.on, c.patience = false, 2
	case c.patience > 0:
		c.patience--
	case c.on && share < 0.5:
		c.on, c.try, c.base = false, true, rate
	case !c.on && share > 0.5:
		if speed, ratio := t(); min(speed, rate/ratio) > 1.2*rate {
			c.on, c.try, c.base = true, true, rate
		} else {
			c.lost()
		}
	}
}

func (c *chooser) lost() {
	c.pause = min(max(2*c.pause, 2), maxPause)
	c.patience = c.pause
}
