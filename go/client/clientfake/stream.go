package clientfake

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

// stream sends events until it is cut or the reader has left.
func (s *Service) stream(w http.ResponseWriter, r *http.Request) {
	ring := make(chan struct{}, 1)
	s.mu.Lock()
	sent := len(s.events)
	if id, err := strconv.Atoi(r.Header.Get("Last-Event-ID")); err == nil && id < sent {
		sent = id
	}
	s.streams[ring] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.streams, ring)
		s.mu.Unlock()
	}()

	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, ": hello\nretry: 10\n\n")
	control := http.NewResponseController(w)
	for {
		for _, e := range s.after(sent) {
			sent++
			fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", e.ID, e.Kind, e.Data)
		}
		if control.Flush() != nil {
			return
		}
		select {
		case _, open := <-ring:
			if !open {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

func (s *Service) after(sent int) []seedapi.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events[sent:])
}
