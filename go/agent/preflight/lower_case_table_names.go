package preflight

var lowerCaseTableNames = check{
	name:   "lower-case-table-names",
	about:  "lower_case_table_names is the same on both; a difference fails physical methods and warns for the others.",
	needed: "the same lower_case_table_names on both",
	run: func(f *facts) verdict {
		t, s, v, missing := bothServers(f)
		if missing {
			return v
		}
		if t.LowerCaseTableNames < 0 {
			return warn("compare lower_case_table_names by hand", "not known: MySQL on %s does not run, says its agent", f.target.name)
		}
		target, source := t.LowerCaseTableNames, s.LowerCaseTableNames
		if target == source {
			return pass("%d on both", target)
		}
		v = fail("set lower_case_table_names on the target as on the source before its data directory is made",
			"%d on the target, %d on the source", target, source)
		if physical(f) {
			return v
		}
		return v.softer()
	},
}
