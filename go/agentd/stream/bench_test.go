package stream

import (
	"context"
	"io"
	"os"
	"os/exec"
	"testing"
)

// pipeOf gives n bytes through a real pipe of another process, as a tool's output comes.
func pipeOf(b *testing.B, path string) (io.Reader, func() error) {
	b.Helper()
	cmd := exec.Command("cat", path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	return out, cmd.Wait
}

func sinkOf(b *testing.B) (io.WriteCloser, func() error) {
	b.Helper()
	cmd := exec.Command("cat")
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	cmd.Stdout = null
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	return in, func() error { in.Close(); null.Close(); return cmd.Wait() }
}

func payloadFile(b *testing.B, payload []byte) string {
	b.Helper()
	path := b.TempDir() + "/payload"
	if err := os.WriteFile(path, payload, 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

func BenchmarkStreamBetweenTwoPipes(b *testing.B) {
	const size = 512 << 20
	for name, o := range map[string]struct {
		payload  []byte
		compress Compression
	}{"noise": {noise(size), Off}, "noise-auto": {noise(size), Auto}, "rows": {rows(size), Off}, "rows-packed": {rows(size), On}, "rows-auto": {rows(size), Auto}} {
		path := payloadFile(b, o.payload)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				r, err := Listen(b.Context(), "127.0.0.1:0", Options{Secret: secret})
				if err != nil {
					b.Fatal(err)
				}
				src, ended := pipeOf(b, path)
				dst, closed := sinkOf(b)
				failed := make(chan error, 1)
				go func() {
					_, err := r.Receive(context.Background(), dst, closed)
					failed <- err
				}()
				if _, err := Send(b.Context(), r.Addr().String(), src, ended, Options{Secret: secret, Compress: o.compress}); err != nil {
					b.Fatal(err)
				}
				if err := <-failed; err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
