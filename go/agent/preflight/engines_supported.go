package preflight

import (
	"slices"
	"strings"
)

var enginesSupported = check{
	name:    "engines-supported",
	about:   "Every storage engine in use on the source is supported by the method on both agents; fails otherwise.",
	needed:  "tables of engines that the method can copy",
	applies: knownMethod,
	run: func(f *facts) verdict {
		if v, missing := noData(f.target, f.source); missing {
			return v
		}
		if f.source.data.MySQLDatabases == nil && (!f.source.data.MySQLRunning || f.source.data.MySQLError != "") {
			return fail("see that MySQL runs on the source and that the agent's account may read information_schema",
				"not known: the agent on %s could not list the tables: %s", f.source.name, mysqlError(f.source))
		}
		where := map[string][]string{} // engine to schemas
		for schema, db := range f.source.data.MySQLDatabases {
			for _, engine := range db.Engines {
				where[engine] = append(where[engine], schema)
			}
		}
		var used, bad []string
		for engine, schemas := range where {
			used = append(used, engine)
			if !supports(f.target, f, engine) || !supports(f.source, f, engine) {
				slices.Sort(schemas)
				bad = append(bad, engine+" (in "+list(slices.Compact(schemas), 5)+")")
			}
		}
		slices.Sort(used)
		slices.Sort(bad)
		if len(bad) > 0 {
			return fail("choose a method that copies these engines, or convert the tables", "%s does not copy %s", f.method, list(bad, 10))
		}
		if len(used) == 0 {
			return pass("the source has no tables")
		}
		return pass("in use: %s", list(used, 20))
	},
}

func supports(h *hostFacts, f *facts, engine string) bool {
	return slices.ContainsFunc(h.data.AvailiableSeedMethods[f.method].SupportedEngines, func(known string) bool {
		return strings.EqualFold(known, engine)
	})
}

func mysqlError(h *hostFacts) string {
	if h.data.MySQLError != "" {
		return h.data.MySQLError
	}
	return "MySQL does not run"
}
