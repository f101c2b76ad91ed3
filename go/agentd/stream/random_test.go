package stream

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestWhateverTheLineDoesTheCopyIsWholeOrBothSidesFail is the one property that counts: no mixture of faults makes a
// receiver that says that it has everything and has not.
func TestWhateverTheLineDoesTheCopyIsWholeOrBothSidesFail(t *testing.T) {
	t.Parallel()
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("25"); err != nil { // some seconds; -rapid.checks=1000 for a long run
			t.Fatal(err)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		size := rapid.IntRange(0, 3<<20).Draw(rt, "size")
		faulty := rapid.Int64Range(0, 12).Draw(rt, "connections with faults")
		every := rapid.IntRange(1, 60).Draw(rt, "one fault in how many pieces")
		toolEnd := rapid.SampledFrom([]error{nil, nil, nil, errTool}).Draw(rt, "sending tool")
		sinkEnd := rapid.SampledFrom([]error{nil, nil, nil, errTool}).Draw(rt, "receiving tool")
		compress := rapid.SampledFrom([]Compression{Auto, On, Off}).Draw(rt, "compress")
		seed := rapid.Uint64().Draw(rt, "seed")

		payload := rows(size)
		w := newWorld(t)
		w.send.Compress, w.send.Window = compress, minWindow
		w.send.Patience, w.recv.Patience = time.Second, time.Second
		w.src = &pieces{r: bytes.NewReader(payload), rnd: rand.New(rand.NewPCG(seed, 1))}
		w.sendEnded = func() error { return toolEnd }
		w.recvEnded = func() error { return sinkEnd }
		var count atomic.Uint64
		p := newProxy(t, func(p *passage, piece []byte) verb {
			r := rand.New(rand.NewPCG(seed, count.Add(1)))
			if p.number > faulty || r.IntN(every) != 0 {
				return pass
			}
			switch r.IntN(4) {
			case 0:
				return breakOff
			case 1:
				piece[r.IntN(len(piece))] ^= 1 << r.IntN(8)
			case 2:
				return swallow
			}
			return pass
		})
		w.through = p.through
		out := w.run()
		p.close()
		story := fmt.Sprintf("send: %v\nreceive: %v", out.sendErr, out.receiveErr)
		whole := bytes.Equal(out.got, payload)
		switch {
		case out.receiveErr == nil && (!whole || toolEnd != nil || sinkEnd != nil):
			rt.Fatalf("the receiver takes %d of %d bytes for a good end\n%s", len(out.got), size, story)
		case out.sendErr == nil && out.receiveErr != nil:
			rt.Fatalf("the sender believes in an end that the receiver does not\n%s", story)
		case toolEnd == nil && sinkEnd == nil && faulty == 0 && out.sendErr != nil:
			rt.Fatalf("failed without a fault\n%s", story)
		case !bytes.HasPrefix(payload, out.got):
			rt.Fatalf("what came is not what was sent\n%s", story)
		}
	})
}
