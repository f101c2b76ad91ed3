package faults

import (
	"fmt"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// objects is fault 36. Every source of every case is filled with them; here it is said which, and what a method can't carry must be
// refused by name, not lost.
func objects(k *kit) []faultCase {
	list := []faultCase{seeded(36, "tables of every engine and type, views, triggers, events, routines, generated columns, JSON, blobs, foreign keys, partitions, accounts: compared one by one", nil, func(w *world) {
		for _, row := range w.rows(w.f.Source.Server, `SELECT engine AS e, COUNT(*) AS n FROM information_schema.tables
			WHERE table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema') AND engine IS NOT NULL GROUP BY engine ORDER BY engine`) {
			w.note("tables of %s: %s", row["e"], row["n"])
		}
		for _, count := range []struct{ what, from string }{{"views", "views"}, {"triggers", "triggers"}, {"events", "events"}, {"routines", "routines"}} {
			column := map[string]string{"views": "table", "triggers": "trigger", "events": "event", "routines": "routine"}[count.what] + "_schema"
			n := w.text(w.f.Source.Server, fmt.Sprintf("SELECT COUNT(*) FROM information_schema.%s WHERE %s NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')", count.from, column))
			if n == "0" {
				w.t.Errorf("the source has no %s", count.what)
			}
			w.note("%s: %s", count.what, n)
		}
	})}
	if k.fill != nil && k.method == agentapi.ClonePlugin {
		list = append(list, faultCase{fault: 36, what: "tables of MyISAM, which it can't carry: the check refuses", stage: "before", side: "source",
			fleet: (&kit{}).filled(sandbox.FillOptions{}), end: ending{none: true, data: oldData}, do: func(w *world) {
				_, err := w.f.Seed(w.ctx, w.method)
				w.refused(err, "engines-supported.*MyISAM")
			}})
	}
	if len(k.prune) > 0 {
		list = append(list, faultCase{fault: 36, what: "tables that it can't carry: refused by their names", stage: "Backup", side: "source",
			fleet: and((&kit{}).filled(sandbox.FillOptions{}), oneRetry), end: ending{stage: agentapi.Backup, code: "rows-not-carried", text: "generated", hint: ".", data: oldData}, do: func(w *world) {
				w.start()
				w.end()
				if !strings.Contains(w.ended.ErrorText, "odd ") {
					w.t.Error("the table with the odd name is not named")
				}
			}})
	}
	return list
}
