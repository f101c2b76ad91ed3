package preflight

var dataPort = check{
	name: "data-port",
	about: "The source can connect to the data port of the target, tried with a real connection before anything is erased; fails if it can't, " +
		"warns if one of the agents can't be asked to try.",
	needed:  "a way from the source to the target's data port",
	only:    "Xtrabackup, LVM",
	applies: usesDataPort,
	run: func(f *facts) verdict {
		return f.dataPort.verdict(
			"try by hand that "+f.source.name+" reaches the seed-port (21234) of "+f.target.name,
			"open the seed-port of "+f.target.name+" for "+f.source.name+" in the firewall, and see that nothing else listens on it",
			f.source.name+" could not connect to the data port of "+f.target.name,
			f.source.name+" connected to the data port of "+f.target.name)
	},
}
