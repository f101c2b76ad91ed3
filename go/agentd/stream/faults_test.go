package stream

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

func TestConnectionsResetInTheMiddleAreTakenUpAgain(t *testing.T) {
	t.Parallel()
	payload := noise(12 << 20)
	w := newWorld(t)
	w.src = bytes.NewReader(payload)
	w.through = newProxy(t, func(p *passage, piece []byte) verb {
		if p.number <= 4 && !p.down && p.passed > 1<<20 {
			return breakOff
		}
		return pass
	}).through
	out := w.run()
	w.wantWhole(out, payload)
	if out.sent.Reconnects < 4 {
		t.Errorf("%d reconnects", out.sent.Reconnects)
	}
}

func TestBlackHoledConnectionIsNoticedAndReplaced(t *testing.T) {
	t.Parallel()
	payload := noise(12 << 20)
	for name, down := range map[string]bool{"of the payload": false, "of the acknowledgements": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.src = bytes.NewReader(payload)
			var since atomic.Int64
			w.through = newProxy(t, func(p *passage, piece []byte) verb {
				if !p.down {
					since.Add(int64(len(piece)))
				}
				if p.number == 1 && p.down == down && since.Load() > 2<<20 {
					return swallow
				}
				return pass
			}).through
			out := w.run()
			w.wantWhole(out, payload)
			if out.sent.Reconnects == 0 {
				t.Error("the proxy swallowed nothing")
			}
		})
	}
}

func TestFlippedByteIsNeverReceived(t *testing.T) {
	payload := noise(8 << 20)
	w := newWorld(t)
	w.src = bytes.NewReader(payload)
	w.through = newProxy(t, func(p *passage, piece []byte) verb {
		if p.passed > 1<<20 && p.number <= 3 {
			piece[len(piece)/2] ^= 0x10
		}
		return pass
	}).through
	out := w.run()
	w.wantWhole(out, payload)
	if out.sent.Reconnects < 3 {
		t.Errorf("%d reconnects for 3 flips", out.sent.Reconnects)
	}
}

func TestSlowLineIsNoBrokenLine(t *testing.T) {
	t.Parallel()
	payload := noise(600 << 10)
	w := newWorld(t)
	// One frame takes longer than the quiet time of 2 s.
	w.src, w.send.Patience, w.recv.Patience = bytes.NewReader(payload), 8*time.Second, 8*time.Second
	w.through = newProxy(t, slow(100<<10)).through
	out := w.run()
	w.wantWhole(out, payload)
	if out.sent.Reconnects != 0 {
		t.Errorf("%d reconnects", out.sent.Reconnects)
	}
}

func TestReceiverThatComesLateIsWaitedFor(t *testing.T) {
	payload := noise(1 << 20)
	w := newWorld(t)
	addr := freeAddr(t)
	var out outcome
	sent := make(chan error, 1)
	go func() {
		_, err := Send(t.Context(), addr, bytes.NewReader(payload), w.sendEnded, w.send)
		sent <- err
	}()
	<-time.After(300 * time.Millisecond) // refused meanwhile
	r, err := Listen(t.Context(), addr, w.recv)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	out.received, out.receiveErr = r.Receive(t.Context(), &got, w.recvEnded)
	if err := errors.Join(out.receiveErr, <-sent); err != nil || !bytes.Equal(got.Bytes(), payload) {
		t.Fatalf("%v, %d bytes", err, got.Len())
	}
}

func TestPeerThatNeverComesIsAnErrorInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.recv.FirstPatience = 300 * time.Millisecond
	r, err := Listen(t.Context(), "127.0.0.1:0", w.recv)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Receive(t.Context(), io.Discard, nil); !IsCode(err, CodePeerLate) {
		t.Errorf("receive: %v", err)
	}
	w.send.Patience = 300 * time.Millisecond
	if _, err := Send(t.Context(), freeAddr(t), bytes.NewReader(noise(1<<20)), w.sendEnded, w.send); !IsCode(err, CodePeerLate) {
		t.Errorf("send: %v", err)
	}
}

func TestPeerThatDiesForGoodIsAnErrorOnTheOtherSideInTime(t *testing.T) {
	t.Parallel()
	for name, sweep := range map[string]bool{"cut": false, "swallowed": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.src = bytes.NewReader(noise(24 << 20))
			w.send.Patience, w.recv.Patience = time.Second, time.Second
			var dead atomic.Bool
			w.through = newProxy(t, func(p *passage, _ []byte) verb {
				if p.passed > 4<<20 {
					dead.Store(true)
				}
				switch {
				case dead.Load() && sweep:
					return swallow
				case dead.Load():
					return breakOff
				}
				return pass
			}).through
			out := w.run()
			if !IsCode(out.sendErr, CodePeerAway) || !IsCode(out.receiveErr, CodePeerAway) {
				t.Errorf("send: %v\nreceive: %v", out.sendErr, out.receiveErr)
			}
			if took := max(out.sendTook, out.receiveTook); took > 8*time.Second {
				t.Errorf("took %s", took)
			}
			var stage *method.StageError
			if !errors.As(out.sendErr, &stage) || stage.Code != CodePeerAway || stage.Hint == "" {
				t.Errorf("as an error of a stage: %+v", stage)
			}
		})
	}
}

func TestWrongSecretOrSeedGetsNotAByteAndDisturbsNobody(t *testing.T) {
	payload := noise(2 << 20)
	w := newWorld(t)
	r, err := Listen(t.Context(), "127.0.0.1:0", w.recv)
	if err != nil {
		t.Fatal(err)
	}
	received := make(chan error, 1)
	var got bytes.Buffer
	go func() {
		_, err := r.Receive(t.Context(), &got, w.recvEnded)
		received <- err
	}()
	addr := r.Addr().String()
	for _, wrong := range []Options{
		{Secret: "ff" + secret[2:], SeedID: 7, Patience: 2 * time.Second},
		{Secret: secret, SeedID: 8, Patience: 2 * time.Second},
	} {
		if _, err := Send(t.Context(), addr, bytes.NewReader(payload), w.sendEnded, wrong); !IsCode(err, CodePeerRefused) {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
	for range 2 * maxStrange { // scanners: silent, and talking
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\n\r\n"[:rand.IntN(18)])
	}
	if _, err := Send(t.Context(), addr, bytes.NewReader(payload), w.sendEnded, w.send); err != nil {
		t.Errorf("the right sender: %v", err)
	}
	if err := <-received; err != nil || !bytes.Equal(got.Bytes(), payload) {
		t.Errorf("%v, %d bytes", err, got.Len())
	}
}

func TestSenderGivesNoByteToAReceiverWithoutTheSecret(t *testing.T) {
	w := newWorld(t)
	w.src, w.dst = bytes.NewReader(noise(1<<20)), writeFunc(func(p []byte) (int, error) {
		t.Errorf("%d bytes came", len(p))
		return len(p), nil
	})
	w.recv.Secret = "ff" + secret[2:]
	w.send.Patience, w.recv.FirstPatience = 2*time.Second, 3*time.Second
	out := w.run()
	if !IsCode(out.sendErr, CodePeerRefused) || !IsCode(out.receiveErr, CodePeerLate) {
		t.Errorf("send: %v\nreceive: %v", out.sendErr, out.receiveErr)
	}
}

func TestSenderStartedAgainCannotGoOnWithAnothersHalf(t *testing.T) {
	w := newWorld(t)
	r, err := Listen(t.Context(), "127.0.0.1:0", w.recv)
	if err != nil {
		t.Fatal(err)
	}
	addr := r.Addr().String()
	half := make(chan struct{})
	received := make(chan error, 1)
	var once atomic.Bool
	go func() {
		_, err := r.Receive(t.Context(), writeFunc(func(p []byte) (int, error) {
			if once.CompareAndSwap(false, true) {
				close(half)
			}
			return len(p), nil
		}), w.recvEnded)
		received <- err
	}()
	p := newProxy(t, func(*passage, []byte) verb { return pass })
	front := p.through(addr)
	first := make(chan error, 1)
	stuck, never := io.Pipe()
	defer never.Close()
	ctx, kill := context.WithCancel(t.Context())
	go func() {
		_, err := Send(ctx, front, &bothRead{io.MultiReader(bytes.NewReader(noise(1<<20)), stuck), stuck}, w.sendEnded, w.send)
		first <- err
	}()
	<-half
	second := w.send
	second.Patience = 500 * time.Millisecond
	if _, err := Send(t.Context(), addr, bytes.NewReader(noise(1<<20)), w.sendEnded, second); !IsCode(err, CodePeerRefused) {
		t.Errorf("a second sender beside the first: %v", err)
	}
	p.close() // the first is gone for the receiver
	if _, err := Send(t.Context(), addr, bytes.NewReader(noise(1<<20)), w.sendEnded, second); err == nil {
		t.Error("a second sender after the first was taken")
	}
	if err := <-received; !IsCode(err, CodePeerAway) {
		t.Errorf("receive: %v", err)
	}
	kill()
	<-first
}

func TestToolCutInTheMiddleIsAnErrorOnBothSides(t *testing.T) {
	w := newWorld(t)
	w.src = io.MultiReader(bytes.NewReader(noise(2<<20)), failingReader{errTool})
	w.wantBothFail(w.run(), "exit status 1", "exit status 1")
}

func TestAbortOnOneSideEndsBothSoon(t *testing.T) {
	for name, side := range map[string]string{"sender": "send", "receiver": "receive", "receiver with a tool that hangs": "stuck"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			ctx, abort := context.WithCancelCause(t.Context())
			defer abort(nil)
			r, wr := io.Pipe()
			defer wr.Close()
			w.src = &bothRead{io.MultiReader(bytes.NewReader(noise(5<<20)), r), r}
			var seen atomic.Int64
			hang := make(chan struct{})
			defer close(hang)
			dst := writeFunc(func(p []byte) (int, error) {
				if seen.Add(int64(len(p))) > 4<<20 {
					abort(errors.New("aborted by an operator"))
				}
				return len(p), nil
			})
			w.dst = dst
			switch side {
			case "send":
				w.sendCtx = ctx
			case "receive":
				w.receiveCtx = ctx
			case "stuck":
				w.receiveCtx = ctx
				out, in := io.Pipe()
				defer out.Close()
				w.dst = &both{Writer: io.MultiWriter(dst, in), Closer: in}
				go io.CopyN(io.Discard, out, 4<<20+1)
			}
			out := w.run()
			w.wantBothFail(out, "aborted by an operator", "aborted by an operator")
			if took := max(out.sendTook, out.receiveTook); took > 6*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

func TestPortInUseIsNamed(t *testing.T) {
	w := newWorld(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if _, err := Listen(t.Context(), ln.Addr().String(), w.recv); !IsCode(err, CodePortInUse) {
		t.Errorf("%v", err)
	}
	if _, err := ListenPlain(t.Context(), ln.Addr().String(), PlainOptions{}); !IsCode(err, CodePortInUse) {
		t.Errorf("%v", err)
	}
}

type writeFunc func([]byte) (int, error)

func (f writeFunc) Write(p []byte) (int, error) { return f(p) }

type both struct {
	io.Writer
	io.Closer
}

type bothRead struct {
	io.Reader
	io.Closer
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

func freeAddr(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}
