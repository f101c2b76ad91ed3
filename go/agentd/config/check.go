package config

import (
	"fmt"
	"maps"
	"slices"
)

func (p *parser) required() {
	for _, k := range p.known {
		if k.must && !p.seen[k.section+"."+k.names[0]] {
			p.fail("%s.%s: missing, and it is needed", k.section, k.names[0])
		}
	}
	if p.seen["mysql.user"] && p.c.MySQL.User == "" {
		p.fail("mysql.user: is empty")
	}
}

// together checks what only shows when keys are seen side by side.
func (p *parser) together() {
	co := &p.c.Common
	if (co.UseSSL || co.UseMutualTLS) && (co.SSLCertFile == "" || co.SSLPrivateKeyFile == "") {
		p.fail("common.use-ssl: needs common.ssl-cert-file and common.ssl-private-key-file")
	}
	if co.UseMutualTLS && co.SSLCAFile == "" {
		p.fail("common.use-mutual-tls: needs common.ssl-ca-file, the authority of the callers' certificates")
	}
	if co.Port == co.SeedPort {
		p.fail("common.seed-port: is %d, as common.port; they must differ", co.Port)
	}
	if len(co.StatusEndpoint) == 0 || co.StatusEndpoint[0] != '/' {
		p.fail("common.status-endpoint: wrong value %q; allowed: a path that begins with /", co.StatusEndpoint)
	}
	commands := map[string][]string{
		"mysql.service-status-command": p.c.MySQL.ServiceStatusCommand, "mysql.service-start-command": p.c.MySQL.ServiceStartCommand,
		"mysql.service-stop-command": p.c.MySQL.ServiceStopCommand, "lvm.create-snapshot-command": p.c.LVM.CreateSnapshotCommand,
		"custom-commands.post-seed-command": p.c.PostSeedCommand,
	}
	for name, args := range p.c.CustomCommands {
		commands["custom-commands."+name] = args
	}
	for _, name := range slices.Sorted(maps.Keys(commands)) {
		if w := shellWord(commands[name]); w != "" {
			p.warn(`%s: %q is handed to the program as it is: commands run without a shell; write ["sh", "-c", "..."] if one is needed`, name, w)
		}
	}
}

// nearest is a hint for an unknown name: the known one with the fewest changes, if it is near.
func (p *parser) nearest(section, name string) string {
	const far = 4
	best, distance := "", far
	try := func(candidate, full string) {
		if d := changes(name, candidate); d < distance {
			best, distance = full, d
		}
	}
	for _, k := range p.known {
		for _, n := range k.names {
			if k.section == section {
				try(n, section+"."+n)
			}
		}
	}
	for _, k := range p.known {
		if section == "" {
			try(k.section, k.section)
		}
		for _, n := range k.names {
			if n == name && n != "enabled" { // right key, wrong section
				try(n, k.section+"."+n)
			}
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; the nearest known is %s", best)
}

// changes is the number of letters to insert, remove or replace to make b of a.
func changes(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
