package stream

import (
	"bytes"
	"io"
	"testing"
)

func TestPayloadComesWholeAndInOrder(t *testing.T) {
	for name, payload := range map[string][]byte{"empty": {}, "one byte": {1}, "some frames": noise(3 << 20), "more than the window": noise(20 << 20)} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.src = bytes.NewReader(payload)
			w.wantWhole(w.run(), payload)
		})
	}
}

func TestPackedPayloadComesWholeAndCostsLessOnTheLine(t *testing.T) {
	payload := rows(6 << 20)
	w := newWorld(t)
	w.src, w.send.Compress = bytes.NewReader(payload), On
	out := w.run()
	w.wantWhole(out, payload)
	if !out.sent.Compressed || !out.received.Compressed || out.sent.Wire > out.sent.Bytes/2 {
		t.Errorf("nothing was saved: %+v", out.sent)
	}
}

func TestToolThatFailsAfterItsLastByteIsAnErrorOnBothSides(t *testing.T) {
	w := newWorld(t)
	w.src = bytes.NewReader(noise(1 << 20))
	w.sendEnded = func() error { return errTool }
	w.recvEnded = func() error { t.Error("the receiving tool was told of a good end"); return nil }
	w.wantBothFail(w.run(), "exit status 1", "exit status 1")
}

func TestReceivingToolThatFailsIsAnErrorOnBothSides(t *testing.T) {
	w := newWorld(t)
	w.src = bytes.NewReader(noise(1 << 20))
	w.recvEnded = func() error { return errTool }
	out := w.run()
	w.wantBothFail(out, "exit status 1", "exit status 1")
	if !IsCode(out.sendErr, CodePeerFailed) {
		t.Errorf("code: %v", out.sendErr)
	}
}

type fullDisk struct{ left int }

func (d *fullDisk) Write(p []byte) (int, error) {
	if d.left -= len(p); d.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestFullDiskOfTheReceiverEndsTheSender(t *testing.T) {
	w := newWorld(t)
	w.src, w.dst = bytes.NewReader(noise(24<<20)), &fullDisk{left: 10 << 20}
	w.wantBothFail(w.run(), "short write", "short write")
}
