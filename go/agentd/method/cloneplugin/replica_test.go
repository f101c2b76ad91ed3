package cloneplugin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestCloneOfAReplicaNeverReplicatesFromTheSourcesSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{target: sandbox.Options{Extra: []string{"skip_slave_start=OFF"}}})
	first := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MySQL97, Passwords: w.source.Passwords})
	if err := sandbox.MakeReplica(t.Context(), w.source.Server, first, true); err != nil {
		t.Fatal(err)
	}
	a, b := first.Open(""), w.source.Open("")
	load, err := sandbox.WriteLoad(t.Context(), a, sandbox.LoadOptions{Rate: 50})
	if err != nil {
		t.Fatal(err)
	}
	uuids := make(chan []string, 1)
	stop := make(chan struct{})
	go func() { // every connection of a replica to the first, by its server's uuid
		seen := map[string]bool{}
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-stop:
				tick.Stop()
				var all []string
				for id := range seen {
					all = append(all, id)
				}
				uuids <- all
				return
			case <-tick.C:
			}
			rows, err := a.Query("SHOW REPLICAS")
			if err != nil {
				continue
			}
			for rows.Next() {
				var id, host, port, of, uuid string
				if rows.Scan(&id, &host, &port, &of, &uuid) == nil {
					seen[id] = true
				}
			}
			rows.Close()
		}
	}()
	w.source.exec("STOP REPLICA", "START REPLICA")
	before := w.target.state97()
	w.seed()
	if n := w.target.ask("SELECT COUNT(*) FROM performance_schema.replication_connection_configuration"); n != "0" {
		t.Errorf("the clone has %s replication channels", n)
	}
	close(stop)
	if seen := <-uuids; len(seen) != 1 {
		t.Errorf("servers %v replicated from the source's source", seen)
	}
	if _, err := load.Stop(); err != nil {
		t.Fatal(err)
	}
	w.connect()
	if err := sandbox.WaitReplica(t.Context(), b, a); err != nil {
		t.Fatal(err)
	}
	w.target.cleanup()
	w.source.cleanup()
	w.same()
	// The variable itself is read-only: it is what it was from the next start on.
	if after := strings.Replace(w.target.state97(), "skip_replica_start=ON", "skip_replica_start=OFF", 1); after != before {
		t.Errorf("the target was %q and is %q", before, after)
	}
	w.nothingLeft()
}
