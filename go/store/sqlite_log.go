package store

import (
	"context"
	"log/slog"
	"os"
	"time"
)

// trimming keeps SQLite's write-ahead log short.
type trimming struct {
	stop context.CancelFunc
	done chan struct{}
}

func startTrimming(s *Store, log string) *trimming {
	ctx, stop := context.WithCancel(context.Background())
	t := &trimming{stop: stop, done: make(chan struct{})}
	go func() {
		defer close(t.done)
		look := time.NewTicker(sqliteLogLook)
		defer look.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-look.C:
			}
			if info, err := os.Stat(log); err == nil && info.Size() > sqliteLogLimit {
				s.trimLog(ctx, info.Size())
			}
		}
	}()
	return t
}

// end returns when nothing is trimmed any more.
func (t *trimming) end() {
	t.stop()
	<-t.done
}

// trimLog copies the log into the database and empties it. Meanwhile writes wait, and it waits for the reads that have
// begun; those that begin now find all they need in the database itself.
func (s *Store) trimLog(ctx context.Context, size int64) {
	var busy, pages, copied int64
	err := s.write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &copied)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		s.log.Warn("trim SQLite's write-ahead log", slog.Any("error", diskFull(err)))
	case busy != 0:
		s.log.Warn("SQLite's write-ahead log stays long: a reader holds it", slog.Int64("bytes", size))
	}
}
