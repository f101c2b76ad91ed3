package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/client/clientfake"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

func TestEventsGoOnAfterALostStreamWithoutAGap(t *testing.T) {
	ctx, s, c := world(t, client.Options{})
	s.Tell("agent", json.RawMessage(`{"n":1}`))
	s.Tell("agent", json.RawMessage(`{"n":2}`))
	var got []int64
	lost := 0
	for e, err := range c.Events(ctx, 1) {
		if err != nil {
			if !client.IsUnreachable(err) {
				t.Fatal(err)
			}
			lost++
			continue
		}
		got = append(got, e.ID)
		switch e.ID {
		case 2:
			s.CutStreams()
			s.Tell("agent", json.RawMessage(`{"n":3}`))
		case 3:
			s.Stop()
			s.Tell("seed", json.RawMessage(`{"n":4}`))
			if err := s.Start(); err != nil {
				t.Fatal(err)
			}
		}
		if e.ID == 4 {
			break
		}
	}
	if !slices.Equal(got, []int64{2, 3, 4}) || lost < 2 {
		t.Errorf("events %v, lost %d times", got, lost)
	}
	if r := s.Requests(); !slices.Contains(r, "GET events after 2") || !slices.Contains(r, "GET events after 3") {
		t.Errorf("asked %v", r)
	}
}

func TestEventsEndWhereTheServiceWillNeverGiveAny(t *testing.T) {
	ctx, s, c := world(t, client.Options{})
	s.User = "ann"
	n := 0
	for _, err := range c.Events(ctx, 0) {
		n++
		if e := new(client.Error); !errors.As(err, &e) || e.Status != 401 {
			t.Errorf("got %v", err)
		}
	}
	if n != 1 {
		t.Errorf("%d errors, want one", n)
	}
}

func seed(status agentapi.Status, stage agentapi.Stage, bytes int64) seedapi.Seed {
	return seedapi.Seed{
		SeedID: 7, TargetHostname: "db2", SourceHostname: "db1", SeedMethod: agentapi.Mysqldump,
		Status: status, Stage: stage, Progress: seedapi.Progress{Bytes: bytes},
	}
}

func move(t *testing.T, s *clientfake.Service, to seedapi.Seed) {
	t.Helper()
	if err := s.Move(to); err != nil {
		t.Fatal(err)
	}
}

func TestWatchSeesEachChangeThroughEventsWithoutPolling(t *testing.T) {
	ctx, s, c := world(t, client.Options{})
	move(t, s, seed(agentapi.Running, agentapi.Backup, 0))
	var got []int64
	for u, err := range c.Watch(ctx, 7, time.Hour) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, u.Seed.Progress.Bytes)
		switch u.Seed.Progress.Bytes {
		case 0:
			if err := s.Await(ctx, "GET events", 1); err != nil {
				t.Fatal(err)
			}
			move(t, s, seed(agentapi.Running, agentapi.Backup, 1))
		case 1:
			move(t, s, seed(agentapi.Completed, agentapi.Cleanup, 2))
		}
	}
	if !slices.Equal(got, []int64{0, 1, 2}) {
		t.Errorf("saw %v", got)
	}
}

func TestWatchPollsWhereThereAreNoEvents(t *testing.T) {
	ctx, s, c := world(t, client.Options{})
	s.NoEvents()
	running := seed(agentapi.Running, agentapi.Backup, 1)
	s.Script(7, running, running, seed(agentapi.Error, agentapi.Backup, 1), seed(agentapi.Failed, agentapi.Backup, 1))
	var got []agentapi.Status
	for u, err := range c.Watch(ctx, 7, time.Millisecond) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, u.Seed.Status)
	}
	if !slices.Equal(got, []agentapi.Status{agentapi.Running, agentapi.Error, agentapi.Failed}) {
		t.Errorf("saw %v", got)
	}
}

func TestWatchOutlivesARestartOfTheService(t *testing.T) {
	ctx, s, c := world(t, client.Options{})
	move(t, s, seed(agentapi.Running, agentapi.Backup, 1))
	lost, restarted := 0, false
	var last seedapi.Seed
	for u, err := range c.Watch(ctx, 7, 10*time.Millisecond) {
		switch {
		case err != nil:
			if lost++; lost == 3 && !restarted {
				restarted = true
				if err := s.Start(); err != nil {
					t.Fatal(err)
				}
				move(t, s, seed(agentapi.Completed, agentapi.Cleanup, 9))
			}
		case !restarted:
			s.Stop()
		default:
			last = u.Seed
		}
	}
	if last.Status != agentapi.Completed || lost < 3 {
		t.Errorf("last seen %+v, lost %d times", last, lost)
	}
}

func TestWatchEndsAtOnceForASeedThatIsNotThere(t *testing.T) {
	ctx, _, c := world(t, client.Options{})
	n := 0
	for _, err := range c.Watch(ctx, 8, time.Millisecond) {
		if n++; !client.IsNotFound(err) {
			t.Errorf("got %v", err)
		}
	}
	if n != 1 {
		t.Errorf("%d answers, want one", n)
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	ctx, s, c := world(t, client.Options{})
	move(t, s, seed(agentapi.Running, agentapi.Backup, 1))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, err := range c.Watch(ctx, 7, time.Hour) {
		if err != nil {
			t.Errorf("the end of the context came as %v", err)
		}
		cancel()
	}
}
