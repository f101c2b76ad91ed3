package preflight

var replicationCredentials = check{
	name: "replication-credentials",
	about: "There are credentials for replication, and the target's host can log in to the source with them; fails if not, warns if the " +
		"target's agent can't be asked to try.",
	needed: "an account for replication with which the target can log in to the source",
	run: func(f *facts) verdict {
		if f.credentialsErr != nil {
			return fail(hintOf(f.credentialsErr, "set ReplicationCredentialsQuery in the service's configuration to a query that the source answers"),
				"there are none: %s", f.credentialsErr)
		}
		return f.login.verdict(
			"log in by hand from "+f.target.name+" to see that they work",
			"create the account at the source for connections from "+f.target.name+", with REPLICATION SLAVE, and see that the password is the configured one",
			"the target could not log in to "+f.source.name, "the target can log in to "+f.source.name)
	},
}

// verdict of something that an agent has tried.
func (p probe) verdict(untriedHint, failedHint, failed, passed string) verdict {
	switch {
	case !p.asked:
		return warn(untriedHint, "not tried: %s", p.why)
	case p.err != nil:
		return fail(hintOf(p.err, "see the agents' logs"), "it could not be tried: %s", p.err)
	case !p.result.OK:
		if p.result.Error != "" {
			failed += ": " + p.result.Error
		}
		return fail(failedHint, "%s", failed)
	}
	return pass("%s", passed)
}
