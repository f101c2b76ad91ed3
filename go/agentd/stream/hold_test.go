package stream

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

func TestEveryByteButTheLastLeavesAtOnceAndTheLastAtTheToolsGoodEnd(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	src, tool, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer tool.Close()
	// As a tool's end is: one large write that fills the pipe waits within the kernel.
	if err := syscall.SetNonblock(int(tool.Fd()), false); err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	sent := make(chan error, 1)
	release := make(chan struct{})
	go func() {
		_, err := SendPlain(t.Context(), ln.Addr().String(), src, func() error { <-release; return nil }, PlainOptions{Patience: 5 * time.Second})
		sent <- err
	}()
	c, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 3*pipeSize)
	for i := range 500 {
		size := 1 + i%100
		if i%100 == 99 {
			size = len(got) // fills the pipe at once, when the sender is waiting
			waitFor(t.Context().Done(), 20*time.Millisecond)
		}
		written, data := make(chan error, 1), make([]byte, size)
		go func() {
			_, err := tool.Write(data)
			written <- err
		}()
		if i == 0 {
			size--
		}
		if _, err := io.ReadFull(c, got[:size]); err != nil {
			t.Fatalf("write %d: %v", i, err)
		}
		if err := <-written; err != nil {
			t.Fatal(err)
		}
	}
	tool.Close()
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, err := c.Read(got); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes, %v before the tool's end was known", n, err)
	}
	close(release)
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if rest, err := io.ReadAll(c); err != nil || len(rest) != 1 {
		t.Errorf("%d bytes, %v", len(rest), err)
	}
	c.Close()
	if err := <-sent; err != nil {
		t.Error(err)
	}
}
