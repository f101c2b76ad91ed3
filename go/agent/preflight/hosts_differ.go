package preflight

import "strings"

var hostsDiffer = check{
	name:   "hosts-differ",
	about:  "Source and target are two hosts; fails if they are one.",
	needed: "two hosts",
	run: func(f *facts) verdict {
		if canonical(f.target.name) == canonical(f.source.name) {
			return fail("name the host to copy from as the source", "%s is target and source", f.target.name)
		}
		return pass("%s is copied to %s", f.source.name, f.target.name)
	},
}

// canonical is the name without what makes no difference in DNS.
func canonical(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }
