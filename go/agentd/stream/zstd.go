package stream

import (
	"fmt"
	"time"

	"github.com/klauspost/compress/zstd"
)

// packer packs single frames; made at the first one, as its tables are of some MiB.
type packer struct {
	enc        *zstd.Encoder
	buf        []byte
	raw, small int64 // bytes packed so far, and what they became
}

// try tells bytes a second, and the bytes that one byte becomes.
func (p *packer) try(payload []byte) (speed, ratio float64) {
	start := time.Now()
	packed, err := p.pack(payload)
	if err != nil || packed == nil {
		return 0, 1
	}
	return float64(len(payload)) / time.Since(start).Seconds(), float64(len(packed)) / float64(len(payload))
}

// pack returns payload packed, valid until the next call; nil when that would not make it smaller.
func (p *packer) pack(payload []byte) ([]byte, error) {
	if p.enc == nil {
		enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
			zstd.WithEncoderCRC(false), zstd.WithWindowSize(frameSize))
		if err != nil {
			return nil, fmt.Errorf("open zstd: %w", err)
		}
		p.enc, p.buf = enc, make([]byte, 0, frameSize+frameSize/8)
	}
	out := p.enc.EncodeAll(payload, p.buf[:0])
	p.raw, p.small = p.raw+int64(len(payload)), p.small+int64(min(len(out), len(payload)))
	if len(out) >= len(payload) {
		return nil, nil
	}
	return out, nil
}

func (p *packer) close() {
	if p.enc != nil {
		p.enc.Close()
	}
}

type unpacker struct {
	dec *zstd.Decoder
	buf []byte
}

func (u *unpacker) unpack(body []byte) ([]byte, error) {
	if u.dec == nil {
		dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(frameSize),
			zstd.WithDecodeAllCapLimit(true))
		if err != nil {
			return nil, fmt.Errorf("open zstd: %w", err)
		}
		u.dec, u.buf = dec, make([]byte, 0, frameSize)
	}
	out, err := u.dec.DecodeAll(body, u.buf[:0])
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	return out, nil
}

func (u *unpacker) close() {
	if u.dec != nil {
		u.dec.Close()
	}
}
