package xtrabackup_test

import (
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/stream"
)

// line is a proxy between the agents that breaks what goes through it after so many bytes.
type line struct {
	ln     net.Listener
	to     string
	after  int64
	breaks int // connections that are broken; the others go through
	mu     sync.Mutex
	wg     sync.WaitGroup
}

// breakLine puts a proxy before the target's data port.
func (w *world) breakLine(after int64, breaks int) *line {
	w.t.Helper()
	ln, err := net.Listen("tcp", net.JoinHostPort(w.tgt.server.Host, "0"))
	if err != nil {
		w.t.Fatal(err)
	}
	l := &line{ln: ln, to: w.dataPort(), after: after, breaks: breaks}
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		w.t.Fatal(err)
	}
	if w.src.work.Terms.DataPort, err = strconv.Atoi(port); err != nil {
		w.t.Fatal(err)
	}
	l.wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			l.wg.Go(func() { l.carry(c.(*net.TCPConn)) })
		}
	})
	w.t.Cleanup(func() {
		ln.Close()
		l.wg.Wait()
	})
	return l
}

func (l *line) carry(c *net.TCPConn) {
	defer c.Close()
	up, err := net.Dial("tcp", l.to)
	if err != nil {
		return
	}
	defer up.Close()
	l.mu.Lock()
	l.breaks--
	broken := l.breaks >= 0
	l.mu.Unlock()
	l.wg.Go(func() {
		_, _ = io.Copy(c, up)
		c.CloseWrite()
	})
	if broken {
		_, _ = io.CopyN(up, c, l.after)
		c.SetLinger(0) // both sides see a reset
		up.(*net.TCPConn).SetLinger(0)
		return
	}
	_, _ = io.Copy(up, c)
	up.(*net.TCPConn).CloseWrite()
}

func TestBrokenConnectionIsTakenUpAgainWithoutLosingTheToolsOutput(t *testing.T) {
	w := newWorld(t, options{})
	w.withOldData(32 << 20)
	w.settle()
	w.breakLine(2<<20, 3)
	w.seed()
	if !strings.Contains(w.src.run.Text(), "breaks of the connection") {
		t.Errorf("nobody says that it was broken: %s", w.src.run.Text())
	}
	w.same()
	w.cleanup()
	w.nothingLeft()
}

func TestPlainStreamThatIsCutIsAnErrorOnBothSides(t *testing.T) {
	w := newWorld(t, options{plain: true})
	w.withOldData(32 << 20)
	w.breakLine(4<<20, 1)
	w.prepare()
	source, target := w.backup()
	if source == nil || methodtest.Code(target) != stream.CodeCut {
		t.Errorf("source %v, target %v (%s)", source, target, methodtest.Code(target))
	}
	if err := w.tgt.m.Restore(t.Context(), w.tgt.work); err == nil {
		t.Error("restored all the same")
	}
	w.endsBadly()
}

func TestPlainStreamOfAToolThatStoppedWithinItsOutputIsFoundOut(t *testing.T) {
	w := newWorld(t, options{plain: true})
	w.withOldData(8 << 20)
	w.must(w.tgt, "prepare", w.tgt.m.Prepare)
	if err := w.othersSource("STDOUT | head -c 20000000 | socat -u stdio TCP:" + w.dataPort()); err != nil {
		t.Log(err)
	}
	err := w.tgt.m.Restore(t.Context(), w.tgt.work)
	if err == nil || !strings.Contains("unpack-failed backup-incomplete", methodtest.Code(err)) {
		t.Errorf("restore says %v (%s)", err, methodtest.Code(err))
	}
	w.endsBadly()
}
