package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

const (
	// streamIdle is how long a stream may be silent before it is opened anew: a connection that died without a word is
	// noticed after that time.
	streamIdle   = time.Minute
	firstBackoff = 250 * time.Millisecond
	maxBackoff   = 10 * time.Second
)

// Events yields what happens in the service, from the event after lastID on (0: from now on). A stream that is lost is
// yielded as an error and, if the reader goes on, opened again after a growing wait with the last event's ID, so that
// nothing the service still knows is missed. The sequence ends with the context, or after an error that asking again
// cannot help (*Error that is not Temporary).
func (c *Client) Events(ctx context.Context, lastID int64) iter.Seq2[seedapi.Event, error] {
	return func(yield func(seedapi.Event, error) bool) {
		s := &stream{client: c, lastID: lastID, opened: func() {}}
		for {
			err := s.run(ctx, func(e seedapi.Event) error {
				if !yield(e, nil) {
					return errStop
				}
				return nil
			})
			if errors.Is(err, errStop) || ctx.Err() != nil {
				return
			}
			if !yield(seedapi.Event{}, err) || !Temporary(err) || !s.pause(ctx) {
				return
			}
		}
	}
}

// stream is a subscription that outlives its connections.
type stream struct {
	client  *Client
	lastID  int64
	opened  func()
	backoff time.Duration // the last wait before a try; 0 after a stream that worked
	first   time.Duration // what the service asks for as the first wait; 0: nothing
}

// run opens the stream once and reads it to its end.
func (s *stream) run(parent context.Context, event func(seedapi.Event) error) error {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	silent := time.AfterFunc(s.client.timeout, func() { cancel(errors.New("nothing came for too long")) })
	defer silent.Stop()

	base, err := s.client.base(ctx)
	if err != nil {
		return err
	}
	header := http.Header{"Accept": {"text/event-stream"}, "Cache-Control": {"no-cache"}}
	if s.lastID > 0 {
		header.Set("Last-Event-ID", strconv.FormatInt(s.lastID, 10))
	}
	resp, err := s.client.send(ctx, base, request{path: []string{"events"}}, header)
	if err != nil {
		s.client.forget()
		return err
	}
	defer resp.Body.Close()
	if err := notAStream(base, resp); err != nil {
		return err
	}
	silent.Reset(streamIdle)
	s.opened()
	err = streamReader{
		line:  func() { silent.Reset(streamIdle); s.backoff = 0 },
		retry: func(d time.Duration) { s.first = d },
		event: func(e seedapi.Event) error {
			if e.ID > 0 {
				s.lastID = e.ID
			}
			return event(e)
		},
	}.read(resp.Body)
	switch {
	case errors.Is(err, errStop):
		return err
	case errors.Is(err, io.EOF):
		err = errors.New("the stream of events ended")
	}
	s.client.forget() // another node may lead by now
	return unreachable(ctx, base, err)
}

func notAStream(base string, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return &UnreachableError{API: base, Err: err}
	}
	if _, err := judge(base, resp, body); err != nil {
		return err
	}
	return &UnreachableError{API: base, Err: fmt.Errorf("no stream of events there (%s)", contentType(resp))}
}

// pause waits before the next try, longer each time; false when the context ended.
func (s *stream) pause(ctx context.Context) bool {
	s.backoff = min(max(2*s.backoff, s.first, firstBackoff), maxBackoff)
	t := time.NewTimer(s.backoff)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
