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
	common = strings.Fields(`help database host user password ask-password hide-password port socket version verbose debug defaults-file
		defaults-extra-file ssl ssl-mode key cert ca capath cipher tls-version protocol stream set-names regex tables-list omit-from-file
		tables-skiplist-file no-data no-schemas no-schema ignore-errors skip-definer skip-constraints skip-indexes source-data
		replica-data exec-per-thread exec-per-thread-extension machine-log-json`)
	dumpReserved = append(strings.Fields(`outputdir chunk-filesize compress build-empty-files ignore-engines table-engines insert-ignore
		replace triggers events routines no-views views-as-tables no-locks less-locking lock-all-tables no-backup-locks
		sync-thread-lock-mode trx-consistency-only trx-tables daemon snapshot-interval snapshot-count logfile tz-utc skip-tz-utc
		success-on-1146 updated-since complete-insert tidb-snapshot where masquerade-filename load-data csv clickhouse format
		include-header fields-terminated-by fields-enclosed-by fields-escaped-by lines-starting-by lines-terminated-by
		statement-terminated-by include-generated-fields no-check-generated-fields identifier-quote-character partition-regex
		clear dirty merge-dumpdir exec`), common...)
	loadReserved = append(strings.Fields(`directory overwrite-tables overwrite-unsafe drop-table drop-database purge-mode source-db
		enable-binlog skip-triggers skip-post disable-redo-log resume ignore-set fifodir append-if-not-exist innodb-optimize-keys
		optimize-keys optimize-keys-engines checksum kill-at-once quote-character replace insert-ignore`), common...)
)

var option = regexp.MustCompile(`^--([A-Za-z][-A-Za-z0-9]*)(=.*)?$`)

// given are reserved options that ask for what is done anyway (--compress is Options.Compress by now); the configuration of
// many an agent has them.
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
