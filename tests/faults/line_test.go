package faults

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// place is how far into the stream the line is harmed: beyond what a probe sends, and in the middle of the smallest copy.
const place = 2 << 20

const noOwnLine = "the data comes over connections to MySQL, whose protocol has no checksum: TCP's protects it, and TLS where the server asks for it (REQUIRE SSL)"

// brokenLine are faults 12 to 15: something stands between the two agents.
func brokenLine(k *kit) []faultCase {
	if !k.line {
		return brokenMySQL(k)
	}
	broken := `(sent|received) .*after \d+ breaks? of the connection`
	return []faultCase{
		harmed(12, "the connection is reset in the middle", func(*world) *harm {
			var once sync.Once
			return &harm{take: func(at int64, b []byte) (ok bool) {
				ok = true
				if at > place {
					once.Do(func() { ok = false })
				}
				return ok
			}}
		}, broken),
		harmed(12, "the connection is reset again and again, after 3 MB each", func(*world) *harm {
			var next atomic.Int64
			next.Store(place)
			return &harm{take: func(at int64, b []byte) bool {
				if at < next.Load() {
					return true
				}
				next.Store(at + 3<<20)
				return false
			}}
		}, broken),
		harmed(13, "the line is a black hole for 5 s", func(*world) *harm {
			return blackHole(5 * time.Second)
		}, "(sent|received) "),
		gone(k),
		harmed(14, "the line carries 4 MB a second, stands still for moments, and is reset now and then", func(*world) *harm {
			var next atomic.Int64
			next.Store(place)
			return &harm{take: func(at int64, b []byte) bool {
				time.Sleep(time.Duration(len(b)) * time.Second / (4 << 20))
				if at>>22 != (at+int64(len(b)))>>22 {
					time.Sleep(700 * time.Millisecond)
				}
				if at < next.Load() {
					return true
				}
				next.Store(at + 8<<20)
				return false
			}}
		}, broken),
		harmed(15, "one bit is flipped on the line", func(*world) *harm {
			var once sync.Once
			return &harm{take: func(at int64, b []byte) bool {
				if at > place {
					once.Do(func() { b[len(b)/2] ^= 4 })
				}
				return true
			}}
		}, broken),
	}
}

// harmed is a seed that completes all the same.
func harmed(fault int, what string, how func(*world) *harm, said string) faultCase {
	return faultCase{fault: fault, what: what, stage: "Backup", side: "both", between: true, end: completed, do: func(w *world) {
		w.between.harm.Store(how(w))
		w.start()
		w.end()
		w.expectSaid(said)
		if n := w.between.bytes.Load(); n <= place {
			w.t.Errorf("only %d bytes came along the line", n)
		}
		if w.retried() {
			w.note("the copy was made again")
		}
	}}
}

// blackHole swallows everything from the place on, so long.
func blackHole(most time.Duration) *harm {
	var once sync.Once
	var until atomic.Int64
	return &harm{
		take: func(at int64, b []byte) bool {
			if at > place {
				once.Do(func() { until.Store(time.Now().Add(most).UnixNano()) })
			}
			return true
		},
		hole: func() bool { return time.Now().UnixNano() < until.Load() },
	}
}

// gone is a line that never comes back; the service still reaches both agents.
func gone(k *kit) faultCase {
	return faultCase{fault: 13, what: "the line is a black hole from then on", stage: "Backup", side: "both", between: true,
		fleet: func(o *fleet.Options) { o.ServiceConfig["MaxRetriesForSeedStage"] = 0 },
		end:   ending{stage: agentapi.Backup, code: "peer-away", text: "has been away for 1m0s", hint: "network between the hosts", data: oldData}, do: func(w *world) {
			w.between.harm.Store(blackHole(time.Hour))
			w.t.Cleanup(func() { w.between.harm.Store(nil) })
			w.start()
			w.end()
			w.between.harm.Store(nil)
		}}
}

// brokenMySQL are faults 12 to 14 for methods whose data comes over connections to the source's MySQL.
func brokenMySQL(k *kit) []faultCase {
	harmed := func(fault int, what string, tried func(w *world), how func() *harm) faultCase {
		return faultCase{fault: fault, what: what, stage: "Backup", side: "both", beforeMySQL: true, end: completed, do: func(w *world) {
			w.between.harm.Store(how())
			w.start()
			w.end()
			if n := w.between.bytes.Load(); n <= place {
				w.t.Errorf("only %d bytes came along the longest connection", n)
			}
			tried(w)
		}}
	}
	once := func(w *world) {
		if w.retried() {
			w.t.Error("tried again for a line that was merely slow")
		}
	}
	again := func(w *world) {
		if k.physical { // a server takes its clone up again by itself
			return
		}
		if !w.retried() {
			w.t.Error("the copy was not tried again")
		}
	}
	return []faultCase{
		harmed(12, "the connection to the source's MySQL that carries the data is reset in the middle", again, func() *harm {
			var done sync.Once
			return &harm{take: func(at int64, b []byte) (ok bool) {
				ok = true
				if at > place {
					done.Do(func() { ok = false })
				}
				return ok
			}}
		}),
		harmed(13, "the line to the source's MySQL is a black hole for 5 s", once, func() *harm { return blackHole(5 * time.Second) }),
		{fault: 13, what: "the line to the source's MySQL is a black hole from then on", stage: "Backup", side: "both", beforeMySQL: true, fleet: stale,
			end: ending{stage: agentapi.Backup, code: "no-progress", text: fmt.Sprintf(stillText, "copied"), data: oldData}, do: func(w *world) {
				w.between.harm.Store(blackHole(time.Hour))
				w.start()
				w.end()
				w.between.harm.Store(nil)
			}},
		harmed(14, "the line to the source's MySQL carries 4 MB a second and stands still for moments", once, func() *harm {
			return &harm{take: func(at int64, b []byte) bool {
				time.Sleep(time.Duration(len(b)) * time.Second / (4 << 20))
				if at>>22 != (at+int64(len(b)))>>22 {
					time.Sleep(700 * time.Millisecond)
				}
				return true
			}}
		}),
	}
}
