package preflight

import (
	"net/netip"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

var donorName = check{
	name:    "donor-name",
	about:   "MySQL's clone plugin takes a name or an IPv4 address to clone from; fails when the source is registered under an IPv6 address.",
	needed:  "a source that is registered under a name or an IPv4 address",
	only:    "ClonePlugin",
	applies: func(f *facts) bool { return f.method == agentapi.ClonePlugin },
	run: func(f *facts) verdict {
		if addr, err := netip.ParseAddr(f.source.name); err == nil && addr.Is6() {
			return fail("give the source's agent a name that leads to this address (advertise-address), or use another method",
				"%s is an IPv6 address, which the clone plugin does not take", f.source.name)
		}
		return pass("%s is a name that the clone plugin takes", f.source.name)
	},
}
