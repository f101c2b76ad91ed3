package preflight

import "time"

// clockTolerance is how far the hosts' clocks may be apart.
const clockTolerance = time.Minute

var clocks = check{
	name:   "clocks",
	about:  "Warns when the clocks of the two hosts differ by more than 60 seconds, or when the time of one is not known: lag is then shown wrongly.",
	needed: "clocks that differ by at most a minute",
	run: func(f *facts) verdict {
		for _, h := range []*hostFacts{f.target, f.source} {
			if !h.clock.known {
				return warn("compare the clocks by hand, and let both hosts follow one time server", "not known: neither the agent nor MySQL on %s says its time", h.name)
			}
		}
		apart := (f.target.clock.ahead - f.source.clock.ahead).Abs().Round(time.Second)
		if apart > clockTolerance {
			return warn("let both hosts follow one time server", "the clocks of %s and %s are %v apart", f.target.name, f.source.name, apart)
		}
		return pass("the clocks are %v apart", apart)
	},
}
