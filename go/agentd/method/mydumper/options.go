package mydumper

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
)

// What decides which rows are dumped and how they fit each other, where they go, and who logs in, belongs to the agent.
var (
	common = strings.Fields(`help database host user password ask-password port socket version verbose defaults-file
		defaults-extra-file ssl key cert ca capath cipher tls-version protocol`)
	dumpReserved = append(strings.Fields(`tables-list omit-from-file outputdir chunk-filesize compress build-empty-files regex
		ignore-engines insert-ignore no-schemas no-data triggers events routines no-views no-locks less-locking daemon
		snapshot-interval logfile tz-utc skip-tz-utc success-on-1146 updated-since trx-consistency-only complete-insert
		tidb-snapshot`), common...)
	loadReserved = append(strings.Fields(`directory overwrite-tables source-db enable-binlog`), common...)
)

var option = regexp.MustCompile(`^--([A-Za-z][-A-Za-z0-9]*)(=.*)?$`)

// given are reserved options that ask for what is done anyway; the configuration of many an agent has them.
var given = strings.Fields(`--compress -c --triggers -G --events -E --routines -R --build-empty-files -e --tz-utc --overwrite-tables -o`)

// checkExtra returns the user's options without those that say nothing new, and refuses those that would change what the
// method relies on. --threads stays: it is laid over the method's own.
func checkExtra(key string, extra, reserved []string) ([]string, error) {
	var keep []string
	for _, o := range extra {
		if slices.Contains(given, o) {
			continue
		}
		var err error
		m := option.FindStringSubmatch(o)
		switch {
		case m == nil:
			err = errors.New("write it as --name or --name=value")
		case slices.Contains(reserved, strings.ToLower(m[1])): // GLib takes full names only
			err = fmt.Errorf("--%s is set by the agent", m[1])
		}
		if err != nil {
			return nil, failed(mysqldump.CodeOptions, "change "+key+" in the agent's configuration", err, "option %q", o)
		}
		keep = append(keep, o)
	}
	return keep, nil
}
