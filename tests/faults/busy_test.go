package faults

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// stillTools is fault 18 for the tools of a method.
func stillTools(k *kit) []faultCase {
	var list []faultCase
	for _, l := range k.still {
		what := map[agentapi.Stage]string{agentapi.Backup: "copied", agentapi.Restore: "restored"}[l.stage]
		c := faultCase{fault: 18, what: l.what, stage: string(l.stage), side: lower(l.side), fleet: stale, end: ending{stage: l.stage, code: "no-progress",
			text: fmt.Sprintf(stillText, what), data: oldData}, do: func(w *world) {
			w.start()
			w.end()
		}}
		l.standsIn(&c, l.text)
		list = append(list, c)
	}
	return list
}

// stillCommands is fault 18 for the commands that agents run.
func stillCommands(k *kit) []faultCase {
	hangs := func(h hold, what string, side agentapi.Side, end ending) faultCase {
		return k.held(h, faultCase{fault: 18, what: what, side: lower(side), fleet: stale, end: end, do: func(w *world) {
			open := h.until(w)
			w.end()
			w.letGo() // what hangs is ended then
			open()
		}})
	}
	var list []faultCase
	for _, h := range k.holds {
		if h.where == heldStop().where {
			list = append(list, hangs(h, "the command that stops MySQL hangs", agentapi.Target,
				ending{stage: agentapi.Restore, code: "no-progress", text: fmt.Sprintf(stillText, "restored"), data: oldData}))
		}
	}
	return list
}

// sourceBusy are faults 21 and 22.
func sourceBusy(k *kit) []faultCase {
	backup := k.hold(agentapi.Backup)
	patient := func(o *fleet.Options) { o.ServiceConfig["MaxRetriesForSeedStage"] = 5 }
	list := []faultCase{
		k.held(backup, faultCase{fault: 21, what: "tables are written, made, altered and dropped on the source all the time", side: "source", end: completed,
			fleet: and(k.fillBulk(16<<20), patient), do: func(w *world) {
				load, err := sandbox.WriteLoad(w.ctx, w.db(w.f.Source.Server), sandbox.LoadOptions{Rate: 200, Bulk: "sbtest.sbtest1", DDL: true, Endure: true})
				w.must(err)
				open := backup.until(w)
				written := load.Rows()
				w.until(func() error {
					if load.Rows() < written+200 && load.Errors() == 0 {
						return fmt.Errorf("nothing is written while the copy is held")
					}
					return nil
				})
				open()
				w.end()
				rows, err := load.Stop()
				w.must(err)
				w.rereadSource()
				w.note("%d rows written", rows)
			}}),
		k.held(backup, faultCase{fault: 22, what: "a transaction stays open on the source over the whole seed", side: "source", end: completed, do: func(w *world) {
			w.writeSource("CREATE DATABASE held", "CREATE TABLE held.t (id INT PRIMARY KEY) ENGINE=InnoDB", "INSERT INTO held.t VALUES (1)")
			tx, err := w.db(w.f.Source.Server).BeginTx(w.ctx, nil)
			w.must(err)
			_, err = tx.ExecContext(w.ctx, "INSERT INTO held.t VALUES (2), (3)")
			w.must(err)
			open := backup.until(w)
			open()
			w.end()
			w.must(tx.Rollback())
		}}),
	}
	if k.locks != "" {
		list = append(list, faultCase{fault: 22, what: "a table of the source is locked when the copy begins, for a while", stage: string(k.locks), side: "source", end: completed, do: func(w *world) {
			unlock := w.lockedSource()
			w.start()
			w.dumpWaits()
			unlock()
			w.end()
			if w.retried() {
				w.t.Error("tried again for a lock that was merely waited for")
			}
		}})
	}
	return list
}

// lateCommands is fault 26: commands of older attempts, as a network may deliver them late, are sent to the agents by hand.
func lateCommands(k *kit) []faultCase {
	restore := k.hold(agentapi.Restore)
	return []faultCase{k.held(restore, faultCase{fault: 26, what: "starts and an abort of older attempts come late, while Restore runs and when the seed has ended", side: "both",
		end: onceEach, do: func(w *world) {
			open := restore.until(w)
			if k.sends {
				w.lateCommands(sides...)
			} else {
				w.lateCommands(agentapi.Target) // the source's agent had nothing since Prepare: nothing is late for it
			}
			open()
			w.end()
			w.lateCommands(sides...)
		}})}
}

func (w *world) lateCommands(sides ...agentapi.Side) {
	w.t.Helper()
	id, method := strconv.FormatInt(w.id, 10), string(w.method)
	for _, side := range sides {
		peer := w.f.Source
		if side == agentapi.Source {
			peer = w.f.Target
		}
		for path, attempt := range map[string]int{
			"prepare/" + id + "/" + method + "/" + string(side):                                          1,
			"backup/" + id + "/" + method + "/" + peer.Host + "/" + strconv.Itoa(w.f.Source.Server.Port): 1,
			"abort-seed-stage/" + id + "/Backup":                                                         1,
		} {
			w.refusesLate(side, path, attempt)
		}
	}
}

// refusesLate: an agent must not do what an older attempt asks for.
func (w *world) refusesLate(side agentapi.Side, path string, attempt int) {
	w.t.Helper()
	a := w.agent(side)
	target := fmt.Sprintf("http://%s:%d/api/%s?%s", a.Host, a.Port, path, url.Values{agentapi.QueryAttempt: {strconv.Itoa(attempt)}}.Encode())
	token, err := os.ReadFile(filepath.Join(a.StateDir, "token"))
	w.must(err)
	target += "&token=" + strings.TrimSpace(string(token))
	res, err := http.Get(target)
	w.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	w.must(err)
	aborts := strings.HasPrefix(path, "abort-")
	if !aborts && (res.StatusCode < 400 || !strings.Contains(string(body), "stale-attempt")) {
		w.t.Errorf("%s on the %s: %d %s", path, side, res.StatusCode, body)
	}
	w.note("%s of attempt %d at the %s: %d", strings.SplitN(path, "/", 2)[0], attempt, lower(side), res.StatusCode)
}
