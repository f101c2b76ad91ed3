package stream

import (
	"errors"
	"io"
	"net"
	"os"
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
	got := make([]byte, 100)
	for i := range 500 {
		size := 1 + i%len(got)
		if _, err := tool.Write(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			size--
		}
		if _, err := io.ReadFull(c, got[:size]); err != nil {
			t.Fatalf("write %d: %v", i, err)
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
