package stream

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// otherSide makes the test's own program one end of a stream, to be killed.
const otherSide = "STREAM_TEST_OTHER_SIDE"

func beOtherSide(side string) {
	ctx := context.Background()
	o := Options{Secret: secret, SeedID: 7, Patience: 2 * time.Second}
	none := func() error { return nil }
	var err error
	if addr, ok := strings.CutPrefix(side, "send "); ok {
		_, err = Send(ctx, addr, endless{make([]byte, 1<<20)}, none, o)
	} else {
		var r *Receiver
		if r, err = Listen(ctx, "127.0.0.1:0", o); err == nil {
			fmt.Println(r.Addr())
			_, err = r.Receive(ctx, io.Discard, none)
		}
	}
	fmt.Fprintln(os.Stderr, err)
}

func startOtherSide(t *testing.T, side string) (cmd *exec.Cmd, out io.Reader) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(exe)
	cmd.Env = append(os.Environ(), otherSide+"="+side)
	if out, err = cmd.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd, out
}

func TestReceiversAgentKilledIsAnErrorOfTheSender(t *testing.T) {
	t.Parallel()
	cmd, out := startOtherSide(t, "receive")
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.send.Patience = time.Second
	w.send.Progress = func(p Progress) {
		if p.Bytes > 8<<20 {
			_ = cmd.Process.Kill()
		}
	}
	start := time.Now()
	stop, end := io.Pipe()
	defer end.Close()
	_, err = Send(t.Context(), strings.TrimSpace(addr), &bothRead{endless{noise(1 << 20)}, stop}, w.sendEnded, w.send)
	if !IsCode(err, CodePeerAway) || time.Since(start) > 15*time.Second {
		t.Errorf("%v after %s", err, time.Since(start))
	}
}

func TestSendersAgentKilledIsAnErrorOfTheReceiver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.recv.Patience, w.recv.FirstPatience = time.Second, 20*time.Second
	r, err := Listen(t.Context(), "127.0.0.1:0", w.recv)
	if err != nil {
		t.Fatal(err)
	}
	cmd, _ := startOtherSide(t, "send "+r.Addr().String())
	var seen atomic.Int64
	_, err = r.Receive(t.Context(), writeFunc(func(p []byte) (int, error) {
		if seen.Add(int64(len(p))) > 8<<20 {
			_ = cmd.Process.Kill()
		}
		return len(p), nil
	}), func() error { t.Error("taken for a good end"); return nil })
	if !IsCode(err, CodePeerAway) {
		t.Errorf("receive: %v", err)
	}
}
