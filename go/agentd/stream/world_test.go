package stream

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if side := os.Getenv(otherSide); side != "" {
		beOtherSide(side)
		return
	}
	goleak.VerifyTestMain(m)
}

const secret = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

// outcome of both ends.
type outcome struct {
	sent, received        Summary
	sendErr, receiveErr   error
	got                   []byte
	sendTook, receiveTook time.Duration
}

// world is one stream between two ends in this process, with what may be between them.
type world struct {
	t          *testing.T
	send, recv Options
	src        io.Reader
	dst        io.Writer // nil: kept
	sendEnded  func() error
	recvEnded  func() error
	through    func(addr string) string // nil: directly
	sendCtx    context.Context
	receiveCtx context.Context
}

func newWorld(t *testing.T) *world {
	o := Options{Secret: secret, SeedID: 7, Patience: 2 * time.Second, FirstPatience: 5 * time.Second}
	none := func() error { return nil }
	return &world{t: t, send: o, recv: o, sendEnded: none, recvEnded: none, sendCtx: t.Context(), receiveCtx: t.Context()}
}

func (w *world) run() outcome {
	w.t.Helper()
	r, err := Listen(w.t.Context(), "127.0.0.1:0", w.recv)
	if err != nil {
		w.t.Fatal(err)
	}
	defer r.Close()
	addr := r.Addr().String()
	if w.through != nil {
		addr = w.through(addr)
	}
	return w.between(r, addr)
}

func (w *world) between(r *Receiver, addr string) outcome {
	var out outcome
	var kept bytes.Buffer
	dst := w.dst
	if dst == nil {
		dst = &kept
	}
	start := time.Now()
	var wg sync.WaitGroup
	wg.Go(func() {
		out.received, out.receiveErr = r.Receive(w.receiveCtx, dst, w.recvEnded)
		out.receiveTook = time.Since(start)
	})
	wg.Go(func() {
		out.sent, out.sendErr = Send(w.sendCtx, addr, w.src, w.sendEnded, w.send)
		out.sendTook = time.Since(start)
	})
	wg.Wait()
	out.got = kept.Bytes()
	return out
}

func (w *world) wantWhole(out outcome, payload []byte) {
	w.t.Helper()
	if out.sendErr != nil || out.receiveErr != nil {
		w.t.Fatalf("send: %v\nreceive: %v", out.sendErr, out.receiveErr)
	}
	if !bytes.Equal(out.got, payload) {
		w.t.Fatalf("received %d bytes that are not the %d sent", len(out.got), len(payload))
	}
	if out.sent.Hash == "" || out.sent.Hash != out.received.Hash || out.sent.Bytes != int64(len(payload)) || out.received.Bytes != out.sent.Bytes {
		w.t.Fatalf("summaries differ: %+v %+v", out.sent, out.received)
	}
}

func (w *world) wantBothFail(out outcome, sendSays, receiveSays string) {
	w.t.Helper()
	if out.sendErr == nil || !strings.Contains(out.sendErr.Error(), sendSays) {
		w.t.Errorf("send: %v; want %q", out.sendErr, sendSays)
	}
	if out.receiveErr == nil || !strings.Contains(out.receiveErr.Error(), receiveSays) {
		w.t.Errorf("receive: %v; want %q", out.receiveErr, receiveSays)
	}
}

// noise does not compress.
func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(n)})
	_, _ = r.Read(b)
	return b
}

// rows compress about as tables do.
func rows(n int) []byte {
	some := manyRows()
	b := make([]byte, n)
	for at := 0; at < n; at += len(some) {
		copy(b[at:], some)
	}
	return b
}

var manyRows = sync.OnceValue(func() []byte {
	const n = 4 << 20
	r := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for b.Len() < n {
		b.WriteString("row ")
		for range 8 {
			b.WriteByte(byte('a' + r.IntN(26)))
		}
		b.WriteString(" customer@example.org            \x00\x00\x00\x00\x00\x00\x00\x00")
	}
	return b.Bytes()[:n]
})

// pieces gives a reader's bytes in small uneven reads, as a tool writes them.
type pieces struct {
	r   io.Reader
	rnd *rand.Rand
}

func (p *pieces) Read(b []byte) (int, error) {
	return p.r.Read(b[:min(len(b), 1+p.rnd.IntN(100_000))])
}

var errTool = errors.New("exit status 1")

func withCancel(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, cancel
}

// half compresses to half of itself.
func half(n int) []byte {
	b := noise(n)
	for at := 0; at+128 <= n; at += 128 {
		clear(b[at : at+64])
	}
	return b
}
