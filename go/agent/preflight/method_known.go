package preflight

import "github.com/orchestrator-seed/orchestrator-seed/go/agentapi"

var methodKnown = check{
	name:   "method-known",
	about:  "The method is one that this service knows; another word fails.",
	needed: "a method that is known, written exactly so",
	run: func(f *facts) verdict {
		if _, err := agentapi.ParseMethod(string(f.method)); err != nil {
			return fail("use one of Mysqldump, Mydumper, Xtrabackup, LVM, ClonePlugin", "%s", err)
		}
		return pass("%s", f.method)
	},
}
