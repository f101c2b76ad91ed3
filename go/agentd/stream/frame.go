package stream

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/zeebo/xxh3"
)

// kind of a frame. The zero value is none.
type kind byte

const (
	kindHello   kind = 1 + iota // sender: who it is
	kindWelcome                 // receiver: from which offset to go on
	kindData                    // sender: payload at offset
	kindPacked                  // sender: the same, zstd
	kindPing                    // both: still here
	kindAck                     // receiver: offset is written to dst
	kindEnd                     // sender: its tool ended well
	kindAbort                   // sender: its tool did not
	kindVerdict                 // receiver: how it ended
	kindBye                     // both: verdict or abort has been read
	kindLast
)

// A frame is a header of 24 bytes - kind, 3 zero bytes, length of the body, offset, checksum, little endian - and the body.
// The checksum is XXH3-64 of the body as it was before packing, seeded with the hash of the header's first 16 bytes.
const (
	headerSize = 24
	// maxBody bounds what a frame may ask this side to keep: zstd may make a frame that does not pack a little larger, and
	// then it is sent as it is.
	maxBody = frameSize
	// maxText bounds a JSON body.
	maxText = 16 << 10
)

type header struct {
	kind   kind
	length int
	offset int64
	sum    uint64
}

// errDamaged: what came cannot be what was sent. The connection is dropped, and the next one goes on from the last ack.
var errDamaged = errors.New("damaged frame")

func putHeader(dst *[headerSize]byte, k kind, offset int64, body int, payload []byte) {
	*dst = [headerSize]byte{0: byte(k)}
	binary.LittleEndian.PutUint32(dst[4:], uint32(body))
	binary.LittleEndian.PutUint64(dst[8:], uint64(offset))
	binary.LittleEndian.PutUint64(dst[16:], checksum(dst, payload))
}

func checksum(h *[headerSize]byte, payload []byte) uint64 {
	return xxh3.HashSeed(payload, xxh3.Hash(h[:16]))
}

func parseHeader(b *[headerSize]byte) (header, error) {
	h := header{
		kind:   kind(b[0]),
		length: int(binary.LittleEndian.Uint32(b[4:])),
		offset: int64(binary.LittleEndian.Uint64(b[8:])),
		sum:    binary.LittleEndian.Uint64(b[16:]),
	}
	bound := maxText
	if h.kind == kindData || h.kind == kindPacked {
		bound = maxBody
	}
	switch {
	case h.kind == 0 || h.kind >= kindLast:
		return h, fmt.Errorf("%w: kind %d", errDamaged, h.kind)
	case b[1]|b[2]|b[3] != 0:
		return h, fmt.Errorf("%w: reserved bytes are set", errDamaged)
	case h.length > bound:
		return h, fmt.Errorf("%w: %d bytes in one frame of kind %d", errDamaged, h.length, h.kind)
	case h.offset < 0:
		return h, fmt.Errorf("%w: offset %d", errDamaged, h.offset)
	}
	return h, nil
}

// reader takes frames from one connection. Its buffers are used again by the next frame.
type reader struct {
	r    io.Reader
	head [headerSize]byte
	body []byte
	pack *unpacker
}

// next returns the next frame and its payload, unpacked and checked; the payload is valid until the next call.
func (f *reader) next() (header, []byte, error) {
	if _, err := io.ReadFull(f.r, f.head[:]); err != nil {
		return header{}, nil, err
	}
	h, err := parseHeader(&f.head)
	if err != nil {
		return h, nil, err
	}
	if cap(f.body) < h.length {
		f.body = make([]byte, max(h.length, maxText))
		if h.length > maxText {
			f.body = make([]byte, maxBody)
		}
	}
	payload := f.body[:h.length]
	if _, err := io.ReadFull(f.r, payload); err != nil {
		return h, nil, err
	}
	if h.kind == kindPacked {
		if f.pack == nil {
			f.pack = &unpacker{}
		}
		if payload, err = f.pack.unpack(payload); err != nil {
			return h, nil, fmt.Errorf("%w: %w", errDamaged, err)
		}
	}
	if checksum(&f.head, payload) != h.sum {
		return h, nil, fmt.Errorf("%w: checksum of kind %d at offset %d", errDamaged, h.kind, h.offset)
	}
	return h, payload, nil
}

func (f *reader) close() {
	if f.pack != nil {
		f.pack.close()
	}
}

// hello opens a connection, from the sender.
type hello struct {
	Version int
	Seed    int64
	Stream  string // made by the sender's start: the same after a break, another after the sender was started again
	Quiet   int64  // milliseconds after which the sender gives up a connection on which nothing comes
}

// welcome answers it.
type welcome struct {
	Written int64  // go on from here
	Quiet   int64  // as in hello, the receiver's
	Refused string // not "": why this sender is not taken
	Note    string `json:",omitempty"` // Options.Note
}

// endRecord is written only by a sender whose tool ended well.
type endRecord struct {
	Bytes int64
	Hash  string
}

// verdict is the receiver's, after its own tool ended; also the body of an abort, from the sender.
type verdict struct {
	Good   bool
	Code   string `json:",omitempty"`
	Reason string `json:",omitempty"`
	Hint   string `json:",omitempty"`
}

const helloVersion = 1

func decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	return nil
}
