package preflight

import (
	"fmt"
	"slices"
)

var nonTransactionalTables = check{
	name:    "non-transactional-tables",
	about:   "Warns when the source has tables of engines without transactions: writes to them wait while they are copied.",
	needed:  "tables of transactional engines only, if writes must not wait",
	only:    "Mysqldump, Mydumper",
	applies: logical,
	run: func(f *facts) verdict {
		if v, missing := noMySQL(f.source); missing {
			return v.softer()
		}
		var found []string
		for engine, n := range f.source.mysql.NonTransactional {
			if n > 0 {
				found = append(found, fmt.Sprintf("%s (%s)", engine, count(n, "table", "tables")))
			}
		}
		if len(found) == 0 {
			return pass("every table that holds data is transactional")
		}
		slices.Sort(found)
		return warn("start the seed when writes to these tables can wait, or convert the tables to InnoDB", "%s has %s", f.source.name, list(found, 10))
	},
}
