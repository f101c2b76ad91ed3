package stream

import "time"

// chooser decides whether frames are packed.
type chooser struct {
	mode Compression
}

func (c *chooser) packs(chunk []byte, offset int64, blocked time.Duration, p *packer) bool {
	return c.mode == On
}
