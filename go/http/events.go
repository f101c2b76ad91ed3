package http

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

const (
	heartbeat    = 15 * time.Second
	writeTime    = 20 * time.Second // for one write to a reader
	reconnectMS  = 2000
	resyncRecent = 20
)

func (s *Server) eventRoutes() []Route {
	r := read("events", nil)
	r.serve = s.events
	return []Route{r}
}

// events streams what happens until the reader leaves, falls behind, or the service stops.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	lastID, err := lastEventID(r)
	if err != nil {
		writeError(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("X-Accel-Buffering", "no")
	out := &stream{w: w, control: http.NewResponseController(w)}
	if r.Method == http.MethodHead {
		return
	}
	defer s.tail.join(r.Context())()
	sub, missed, resync, at := s.Hub.subscribe(lastID)
	defer s.Hub.unsubscribe(sub)

	fmt.Fprintf(&out.buf, "retry: %d\n\n", reconnectMS)
	if resync {
		if err := s.resync(r.Context(), out, at); err != nil {
			noteError(r, err)
			return
		}
	}
	for _, e := range missed {
		out.event(e)
	}
	if err := out.flush(); err != nil {
		return // the reader has left
	}
	s.follow(r.Context(), out, sub)
}

// lastEventID is 0 when the reader has none. Readers that cannot set headers may write it into the query.
func lastEventID(r *http.Request) (int64, error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.URL.Query().Get("lastEventId")
	}
	if text == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 0 {
		return 0, badInput(fmt.Sprintf("Last-Event-ID is %q; it has to be the id of an event.", short(text)))
	}
	return max(id, 1), nil // 0 was never given out: everything may have been missed
}

// resync tells a reader whose place is lost how things are now: an event "resync", then active and recent seeds. Only the
// last event has an ID, so that a reader that is cut off in between gets it all again.
func (s *Server) resync(ctx context.Context, out *stream, at int64) error {
	active, err := s.Data.Seeds(ctx, agent.SeedFilter{ActiveOnly: true})
	if err != nil {
		return fmt.Errorf("read active seeds: %w", err)
	}
	recent, err := s.Data.Seeds(ctx, agent.SeedFilter{Limit: resyncRecent})
	if err != nil {
		return fmt.Errorf("read recent seeds: %w", err)
	}
	out.event(seedapi.Event{Kind: "resync", Data: reason("what happened since that event is not known any more")})
	told := make(map[int64]bool)
	for _, seed := range append(active, recent...) {
		if told[seed.ID] {
			continue
		}
		told[seed.ID] = true
		data, err := json.Marshal(s.Hub.view(seed))
		if err != nil {
			return fmt.Errorf("write seed %d: %w", seed.ID, err)
		}
		out.event(seedapi.Event{Kind: eventSeed, Data: data})
	}
	out.event(seedapi.Event{ID: at, Kind: "resynced", Data: reason("")})
	return nil
}

func reason(text string) json.RawMessage {
	data, _ := json.Marshal(struct{ Reason string }{text}) // a text is always JSON
	return data
}

func (s *Server) follow(ctx context.Context, out *stream, sub *subscription) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-sub.done:
			out.event(seedapi.Event{Kind: "end", Data: reason(sub.reason)})
			_ = out.flush() // the stream ends either way
			return
		case e := <-sub.events:
			out.event(e)
			for more := true; more; {
				select {
				case e = <-sub.events:
					out.event(e)
				default:
					more = false
				}
			}
		case <-beat.C:
			out.buf.WriteString("event: alive\ndata: {}\n\n") // an event, so that a page can tell silence from a dead line
		}
		if err := out.flush(); err != nil {
			return
		}
	}
}

// stream writes server-sent events.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	buf     bytes.Buffer
}

func (o *stream) event(e seedapi.Event) {
	if e.ID > 0 {
		fmt.Fprintf(&o.buf, "id: %d\n", e.ID)
	}
	fmt.Fprintf(&o.buf, "event: %s\ndata: %s\n\n", e.Kind, e.Data)
}

// flush sends what was written; a reader that takes nothing for writeTime has left.
func (o *stream) flush() error {
	if err := o.control.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return fmt.Errorf("bound the write: %w", err)
	}
	if _, err := o.buf.WriteTo(o.w); err != nil {
		return err
	}
	return o.control.Flush()
}
