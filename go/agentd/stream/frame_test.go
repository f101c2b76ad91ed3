package stream

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// frames gives real samples of the protocol.
func frames(t testing.TB) map[string][]byte {
	t.Helper()
	packed, err := (&packer{}).pack(rows(10_000))
	if err != nil || packed == nil {
		t.Fatal(err)
	}
	one := func(k kind, offset int64, body, payload []byte) []byte {
		var h [headerSize]byte
		putHeader(&h, k, offset, len(body), payload)
		return append(h[:], body...)
	}
	text := []byte(`{"Version":1,"Seed":7,"Stream":"ABC","Quiet":500}`)
	return map[string][]byte{
		"hello":  one(kindHello, 0, text, text),
		"data":   one(kindData, 1<<40, rows(1000), rows(1000)),
		"packed": one(kindPacked, 4096, packed, rows(10_000)),
		"ack":    one(kindAck, 77, nil, nil),
		"end":    one(kindEnd, 0, []byte(`{"Bytes":1,"Hash":"00"}`), []byte(`{"Bytes":1,"Hash":"00"}`)),
	}
}

func TestFrameWithAnyFlippedBitIsRefused(t *testing.T) {
	for name, sample := range frames(t) {
		h, payload, err := (&reader{r: bytes.NewReader(sample)}).next()
		if err != nil {
			t.Fatalf("%s as it is: %v", name, err)
		}
		for bit := range 8 * min(len(sample), 200) {
			bad := bytes.Clone(sample)
			bad[bit/8] ^= 1 << (bit % 8)
			f := &reader{r: bytes.NewReader(bad)}
			gotHead, got, err := f.next()
			f.close()
			if err == nil && h.kind == kindPacked && gotHead == h && bytes.Equal(got, payload) {
				continue // zstd has bits that mean nothing
			}
			if err == nil {
				t.Fatalf("%s with bit %d flipped was taken", name, bit)
			}
			if !errors.Is(err, errDamaged) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
				t.Fatalf("%s with bit %d flipped: %v", name, bit, err)
			}
		}
	}
}

func FuzzFrame(f *testing.F) {
	for _, sample := range frames(f) {
		f.Add(sample)
		f.Add(sample[:len(sample)-1])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := &reader{r: bytes.NewReader(data)}
		defer r.close()
		for {
			h, payload, err := r.next()
			if err != nil {
				return
			}
			if len(payload) > frameSize || cap(r.body) > maxBody {
				t.Fatalf("a frame of kind %d made %d bytes", h.kind, len(payload))
			}
			var end endRecord
			if h.kind == kindEnd && decode(payload, &end) != nil {
				return
			}
		}
	})
}
