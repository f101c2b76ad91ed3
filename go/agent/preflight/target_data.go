package preflight

import (
	"cmp"
	"slices"
)

var targetData = check{
	name: "target-data",
	about: "Warns when the target holds user data, with the names and sizes of the schemas that will be lost, and says whether the old data " +
		"is kept until the new is proven, or erased before.",
	needed: "a target whose data nobody needs",
	run: func(f *facts) verdict {
		if rebuilt(f) {
			return warn("look for yourself what is on the target", "not known: MySQL on %s does not run, says its agent; %s in %s will be lost. The old data is %s",
				f.target.name, size(f.target.data.MySQLDatadirDiskUsed), f.target.data.MySQLDatadir, oldDataOf(f).words())
		}
		schemas, known := userSchemas(f.target)
		if !known {
			return warn("look for yourself what is on the target", "not known: neither MySQL nor the agent on %s says what is there", f.target.name)
		}
		if len(schemas) == 0 {
			return pass("%s holds no user data", f.target.name)
		}
		var total int64
		var names []string
		for _, s := range schemas {
			total += s.bytes
			names = append(names, s.name+" ("+size(s.bytes)+")")
		}
		return warn("see that nobody needs it, or save it first", "%s on %s will be lost, %s: %s. The old data is %s",
			count(len(schemas), "schema", "schemas"), f.target.name, size(total), list(names, 10), oldDataOf(f).words())
	},
}

type schema struct {
	name  string
	bytes int64
}

// userSchemas is every schema that is not the server's own, largest first.
func userSchemas(h *hostFacts) (schemas []schema, known bool) {
	own := []string{"mysql", "information_schema", "performance_schema", "sys"}
	switch {
	case h.mysql != nil:
		known = true
		for name, bytes := range h.mysql.Schemas {
			schemas = append(schemas, schema{name, bytes})
		}
	case h.data != nil && h.data.MySQLDatabases != nil:
		known = true
		for name, db := range h.data.MySQLDatabases {
			schemas = append(schemas, schema{name, db.Size})
		}
	}
	schemas = slices.DeleteFunc(schemas, func(s schema) bool { return slices.Contains(own, s.name) })
	slices.SortFunc(schemas, func(a, b schema) int {
		return cmp.Or(cmp.Compare(b.bytes, a.bytes), cmp.Compare(a.name, b.name))
	})
	return schemas, known
}
