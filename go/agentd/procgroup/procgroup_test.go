package procgroup

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// start runs a script in a group of its own and returns when it has printed a line.
func start(t *testing.T, mark Mark, script string) (*exec.Cmd, Group) {
	t.Helper()
	c := exec.Command("sh", "-c", script)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Env = append(os.Environ(), string(mark))
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Kill(-c.Process.Pid, syscall.SIGKILL); c.Wait() })
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	g, err := Of(c.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	return c, g
}

func TestEndTakesTheWholeGroupAlsoAfterItsLeaderDied(t *testing.T) {
	c, g := start(t, "X=1", `sh -c 'sleep 300 & sleep 300 & wait' & echo up; wait`)
	for deadline := time.Now().Add(10 * time.Second); ; { // until all three have been forked
		pids, err := g.Members()
		if err == nil && len(pids) >= 3 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("members %v, %v", pids, err)
		}
	}
	if err := syscall.Kill(g.PGID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	c.Process.Wait()
	if err := g.End(context.Background(), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if pids, err := g.Members(); err != nil || len(pids) != 0 {
		t.Fatalf("left over: %v, %v", pids, err)
	}
}

func TestEndKillsWhatIgnoresTerm(t *testing.T) {
	_, g := start(t, "X=2", `trap '' TERM; echo up; while :; do sleep 300; done`)
	if err := g.End(context.Background(), 50*time.Millisecond); err != nil {
		t.Fatal(err)
	}
}

func TestEndWithADoneContextStillKills(t *testing.T) {
	_, g := start(t, "X=3", `trap '' TERM; echo up; while :; do sleep 300; done`)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := g.End(ctx, time.Hour); err != nil {
		t.Fatal(err)
	}
}

func TestAReusedNumberIsLeftAlone(t *testing.T) {
	_, g := start(t, "X=4", `echo up; sleep 300`)
	for _, other := range []Group{
		{PGID: g.PGID, Start: g.Start - 1, Session: g.Session, Boot: g.Boot},
		{PGID: g.PGID, Start: g.Start, Session: g.Session, Boot: "another boot"},
		{PGID: g.PGID, Start: g.Start, Session: g.Session + 1, Boot: g.Boot},
		{},
	} {
		if err := other.End(context.Background(), time.Second); err != nil {
			t.Error(err)
		}
	}
	if pids, err := g.Members(); err != nil || len(pids) == 0 {
		t.Fatalf("a process of another name was ended: %v, %v", pids, err)
	}
}

func TestMarkFindsChildrenThatLeftTheGroup(t *testing.T) {
	mark := Mark("PROCGROUP_TEST_MARK=" + t.Name() + time.Now().String())
	_, g := start(t, mark, `setsid sleep 300 >/dev/null & echo up; wait`)
	deadline := time.Now().Add(10 * time.Second)
	for { // until setsid has done its work: sh and sleep, the latter outside of the group
		pids, err := mark.Carriers()
		if err != nil {
			t.Fatal(err)
		}
		inGroup, _ := g.Members()
		if len(pids) == 2 && len(inGroup) == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("carriers %v, in group %v", pids, inGroup)
		}
	}
	if err := g.End(context.Background(), time.Second); err != nil {
		t.Fatal(err)
	}
	if pids, _ := mark.Carriers(); len(pids) != 1 {
		t.Fatalf("carriers %v", pids)
	}
	if err := mark.End(context.Background(), time.Second); err != nil {
		t.Fatal(err)
	}
	if pids, _ := mark.Carriers(); len(pids) != 0 {
		t.Fatalf("left over %v", pids)
	}
}

func FuzzParseStat(f *testing.F) {
	b, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(b))
	f.Add("12 (a) b) c) S 1 12 12 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 0")
	f.Add("1 () S")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parseStat(s)
		if err == nil && p.state == 0 {
			t.Errorf("no state in %q", s)
		}
	})
}

func TestStatLineWithParenthesesInTheNameIsRead(t *testing.T) {
	p, err := parseStat("12 (a) b) (c) S 1 13 14 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 0 " + strings.Repeat("0 ", 30))
	if err != nil || p != (process{pid: 12, state: 'S', pgrp: 13, session: 14, start: 4711}) {
		t.Fatalf("%+v, %v", p, err)
	}
}
