package faults

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

// onceEach is the end of a seed whose stages were started once each.
var onceEach = ending{data: replica, once: true}

// serviceKilled is fault 1.
func serviceKilled(k *kit) []faultCase {
	list := []faultCase{
		{fault: 1, what: "kill -9 of the standing service before and after the start of every stage", stage: "all", side: "service",
			fleet: standing, end: onceEach, do: killInEveryState},
		{fault: 1, what: "kill -9 of the service while its call to start Prepare is on its way", stage: "Prepare", side: "service",
			fleet: standing, end: onceEach, do: killInStartCall},
		{fault: 1, what: "kill -9 of the service, again and again until the seed has ended", stage: "all", side: "service",
			end: onceEach, do: killAgainAndAgain},
	}
	for _, h := range k.holds[1:] {
		list = append(list, k.held(h, faultCase{fault: 1, what: "kill -9 of the service while the stage runs", side: "service", end: onceEach, do: func(w *world) {
			open := h.until(w)
			w.killService()
			w.at(h.stage, agentapi.Running)
			open()
			w.finish()
		}}))
	}
	return list
}

// serviceStopped is fault 2.
func serviceStopped(k *kit) []faultCase {
	var list []faultCase
	for _, h := range k.holds {
		list = append(list, k.held(h, faultCase{fault: 2, what: "SIGTERM of the service while the stage runs, then started again", side: "service", end: onceEach, do: func(w *world) {
			open := h.until(w)
			w.must(w.f.Service.Stop())
			w.must(w.f.Service.Restart(w.ctx))
			w.at(h.stage, agentapi.Running)
			open()
			w.finish()
		}}))
	}
	return list
}

func (w *world) killService() {
	w.t.Helper()
	w.must(w.f.Service.Kill())
	w.must(w.f.Service.Restart(w.ctx))
}

func killInEveryState(w *world) {
	w.start()
	kills := 0
	for _, stage := range seedStages {
		for _, status := range []agentapi.Status{agentapi.Scheduled, agentapi.Running} {
			w.stepTo(stage, status)
			w.killService()
			kills++
		}
	}
	w.stepToEnd()
	w.note("%d kills", kills)
}

func killInStartCall(w *world) {
	w.start()
	w.must(w.f.Target.Signal(syscall.SIGSTOP))
	stepped := make(chan struct{})
	go func() {
		defer close(stepped)
		_, _, _ = client.ProcessSeeds().Fetch(w.ctx, w.f.Service.Client) // the service is killed meanwhile
	}()
	w.until(func() error { return w.unread(w.f.Target.Host, w.f.Target.Port, "start of Prepare") })
	w.must(w.f.Service.Kill())
	<-stepped
	w.must(w.f.Target.Signal(syscall.SIGCONT))
	w.must(w.f.Service.Restart(w.ctx))
	w.stepToEnd()
}

// unread is nil when something was sent to a port that its program has not read.
func (w *world) unread(host string, port int, what string) error {
	raw, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return err
	}
	for l := range bytes.Lines(raw) {
		fields := strings.Fields(string(l))
		if len(fields) < 5 || fields[3] != "01" || strings.HasSuffix(fields[4], ":00000000") {
			continue
		}
		if h, p := address(fields[1]); h == host && p == port {
			return nil
		}
	}
	return fmt.Errorf("no %s has been sent yet", what)
}

func killAgainAndAgain(w *world) {
	w.start()
	kills := 0
	pause := time.NewTicker(350 * time.Millisecond) // of life between two kills
	defer pause.Stop()
	for {
		<-pause.C
		s, err := w.f.Details(w.ctx, w.id)
		w.must(err)
		if !client.Live(s) {
			break
		}
		w.killService()
		kills++
	}
	w.end()
	w.note("%d kills", kills)
}
