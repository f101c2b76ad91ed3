package stream

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

func TestSenderKnowsTheReceiversNoteBeforeItBegins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	src, in := io.Pipe()
	noted := 0
	w.src, w.recv.Note = src, "I have half of it"
	w.send.Noted = func(note string) {
		noted++
		go func() {
			_, err := io.Copy(in, strings.NewReader("answer to: "+note))
			in.CloseWithError(err)
		}()
	}
	out := w.run()
	if w.wantWhole(out, []byte("answer to: I have half of it")); noted != 1 {
		t.Errorf("it was told %d times", noted)
	}
	w.recv.Note = string(bytes.Repeat([]byte("x"), maxNote+1))
	if _, err := Listen(t.Context(), "127.0.0.1:0", w.recv); err == nil {
		t.Error("a long note was taken")
	}
}
