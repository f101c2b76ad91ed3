package stream

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// packer packs single frames; made at the first one, as its tables are of some MiB.
type packer struct {
	enc *zstd.Encoder
	buf []byte
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
