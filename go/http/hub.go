package http

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

// Kinds of events.
const (
	eventSeed      = "seed"
	eventSeedState = "seed-state"
	eventAgent     = "agent"
)

const (
	ringEvents = 4096
	ringBytes  = 16 << 20
	// queueEvents is how far one reader may be behind before it is sent away.
	queueEvents = 256
)

// Why a stream ends.
const (
	reasonSlow     = "this reader was too slow; connect again with Last-Event-ID to go on"
	reasonShutdown = "the service is shutting down"
)

// Hub hands on what happens to everyone who listens, and keeps the newest of it for those who come back. It never blocks
// the engine: a reader that falls behind is dropped and comes back with the ID it saw last. Its methods may be called from
// many goroutines.
//
// It is told of things twice: by the engine of this node at once, and by the backend a second later (tail), which also has
// what other nodes did.
//
// IDs grow, over restarts of the service too: each is at least the time in microseconds.
type Hub struct {
	now func() time.Time

	known known

	mu     sync.Mutex
	last   int64 // ID of the newest event, or where the IDs of this run start
	ring   []seedapi.Event
	size   int // bytes of Data in ring
	subs   map[*subscription]struct{}
	closed bool
}

var _ agent.Events = (*Hub)(nil)

// NewHub makes a hub; now is the clock.
func NewHub(now func() time.Time) *Hub {
	if now == nil {
		now = time.Now
	}
	return &Hub{now: now, last: now().UnixMicro(), subs: make(map[*subscription]struct{})}
}

// view is a seed as it is shown now.
func (h *Hub) view(s *agent.Seed) seedapi.Seed { return viewSeed(s, h.now()) }

// SeedChanged tells of a seed as it is now, unless that or something newer was told already.
func (h *Hub) SeedChanged(s *agent.Seed) {
	h.publish(eventSeed, h.view(s), func() bool { return h.known.seed(s, h.now()) })
}

// StateAdded tells of a new line of a seed's history.
func (h *Hub) StateAdded(r agent.StageState) { h.stateAdded(r, false) }

// stateAdded is told of one by the node that adds it, or as read from the backend: then it may be known already.
func (h *Hub) stateAdded(r agent.StageState, read bool) {
	h.publish(eventSeedState, viewState(r), func() bool { return h.known.state(r, read, h.now()) })
}

// HostChanged tells of an agent as it is now, once.
func (h *Hub) HostChanged(a *agent.Host) {
	h.publish(eventAgent, viewHost(a), func() bool { return h.known.host(a, h.now()) })
}

// publish sends an event if it is news.
func (h *Hub) publish(kind string, v any, news func() bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || !news() {
		return
	}
	// Within the lock, so that two changes of one seed keep their order.
	data, err := json.Marshal(v)
	if err != nil {
		return // a view is always JSON; its test says so
	}
	h.last = max(h.last+1, h.now().UnixMicro())
	e := seedapi.Event{ID: h.last, Kind: kind, Data: data}
	h.keep(e)
	for sub := range h.subs {
		select {
		case sub.events <- e:
		default:
			h.drop(sub, reasonSlow)
		}
	}
}

func (h *Hub) keep(e seedapi.Event) {
	h.ring = append(h.ring, e)
	h.size += len(e.Data)
	drop := 0
	for n := len(h.ring); n-drop > 1 && (n-drop > ringEvents || h.size > ringBytes); drop++ {
		h.size -= len(h.ring[drop].Data)
	}
	clear(h.ring[:drop]) // lets go of the data; append moves the rest when the array is full
	h.ring = h.ring[drop:]
}

// subscription is one reader.
type subscription struct {
	events chan seedapi.Event
	done   chan struct{} // closed when the hub sends the reader away
	reason string        // why; read after done
}

// subscribe adds a reader. missed is what came after the event lastID; resync says that this cannot be told, because the
// ID is unknown or too old. at is the ID after which events will be sent.
func (h *Hub) subscribe(lastID int64) (sub *subscription, missed []seedapi.Event, resync bool, at int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	sub = &subscription{events: make(chan seedapi.Event, queueEvents), done: make(chan struct{})}
	if h.closed {
		sub.reason = reasonShutdown
		close(sub.done)
		return sub, nil, false, h.last
	}
	h.subs[sub] = struct{}{}
	if lastID <= 0 || lastID == h.last {
		return sub, nil, false, h.last
	}
	for i, e := range h.ring {
		if e.ID == lastID {
			return sub, append([]seedapi.Event(nil), h.ring[i+1:]...), false, h.last
		}
	}
	return sub, nil, true, h.last
}

func (h *Hub) unsubscribe(sub *subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.subs, sub)
}

func (h *Hub) drop(sub *subscription, reason string) {
	sub.reason = reason
	close(sub.done)
	delete(h.subs, sub)
}

// Close ends all streams; later events are dropped. It may be called again.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for sub := range h.subs {
		h.drop(sub, reasonShutdown)
	}
}
