package stream

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

// link is one connection between two ends that have shown each other their keys. Frames may be sent by many goroutines, and
// are read by one.
type link struct {
	line *line
	tls  *tls.Conn
	in   reader

	mu   sync.Mutex // of one frame being written
	head [headerSize]byte
}

// handshake makes the link; it closes the line when it fails.
func handshake(ctx context.Context, l *line, wrap func(*line) *tls.Conn) (*link, error) {
	conn := wrap(l)
	if err := conn.HandshakeContext(ctx); err != nil {
		l.Close()
		return nil, err
	}
	l.gatherWrites()
	return &link{line: l, tls: conn, in: reader{r: conn}}, nil
}

// send writes one frame; body is what goes over the line, payload what it is when unpacked.
func (k *link) send(what kind, offset int64, body, payload []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.sendLocked(what, offset, body, payload)
}

func (k *link) sendLocked(what kind, offset int64, body, payload []byte) error {
	putHeader(&k.head, what, offset, len(body), payload)
	if _, err := k.tls.Write(k.head[:]); err != nil {
		return err
	}
	if len(body) > 0 {
		if _, err := k.tls.Write(body); err != nil {
			return err
		}
	}
	return k.line.flush()
}

func (k *link) sendJSON(what kind, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("frame of kind %d: %w", what, err)
	}
	return k.send(what, 0, body, body)
}

// beat tells the other side every so often that this one is here, until the link is closed. While a frame is being written
// that tells it already.
func (k *link) beat(every time.Duration, what func() (kind, int64)) {
	ticker := time.NewTicker(max(every, 10*time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-k.line.done:
			return
		case <-ticker.C:
		}
		if !k.mu.TryLock() {
			continue
		}
		kind, offset := what()
		err := k.sendLocked(kind, offset, nil, nil)
		k.mu.Unlock()
		if err != nil {
			k.close()
			return
		}
	}
}

// expect reads frames until one of that kind comes; pings may come before it.
func (k *link) expect(what kind, into any) error {
	for {
		h, body, err := k.in.next()
		if err != nil {
			return err
		}
		if h.kind == kindPing {
			continue
		}
		if h.kind != what {
			return fmt.Errorf("%w: kind %d for %d", errDamaged, h.kind, what)
		}
		return decode(body, into)
	}
}

// close ends the connection without a word; TLS's own would wait for a line that may be dead.
func (k *link) close() { k.line.Close() }

// interrupt ends a Read or Write of a tool's pipe that is going on in another goroutine, and says whether it can be ended:
// by a deadline, or else by closing.
func interrupt(pipe any) bool {
	type deadline interface{ SetDeadline(time.Time) error }
	if d, ok := pipe.(deadline); ok && d.SetDeadline(time.Now()) == nil {
		return true
	}
	if c, ok := pipe.(io.Closer); ok {
		c.Close()
		return true
	}
	return false
}

// grace is how long a tool's end, and an abort on its way to the other side, are waited for.
const (
	toolGrace  = 10 * time.Second
	abortGrace = 2 * time.Second
)

// waitFor waits for done, but no longer than d.
func waitFor(done <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// report calls f now and then, and once more when it is stopped.
func report(f func()) (stop func()) {
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		ticker := time.NewTicker(200 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				f()
			case <-done:
				f()
				return
			}
		}
	}()
	return func() { close(done); <-gone }
}
