package mysqldump

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// reserved are the options that decide what the dump holds, how its text looks, where it goes and who logs in.
var reserved = strings.Fields(`
	add-drop-database add-drop-table add-drop-trigger add-locks all-databases all-tablespaces allow-keywords apply-replica-statements
	apply-slave-statements as-of comments compact compatible complete-insert column-statistics copy-s3-tables create-options databases
	default-character-set defaults-extra-file defaults-file defaults-group-suffix delayed-insert delete-master-logs delete-source-logs
	dir disable-keys dump-date dump-history dump-replica dump-slave events extended-insert fields-enclosed-by fields-escaped-by
	fields-optionally-enclosed-by fields-terminated-by flush-logs flush-privileges force gtid header help hex-blob host host-name
	ignore-database ignore-error ignore-table ignore-table-data ignore-views include-master-host-port include-source-host-port
	init-command insert-ignore lines-terminated-by lock-all-tables lock-tables log-error login-path master-data max-allowed-packet
	mysqld-long-query-time net-buffer-length no-autocommit no-create-db no-create-info no-data no-data-med no-defaults no-login-paths
	no-set-names no-tablespaces no-to-timestamp opt order-by-primary order-by-size parallel password password1 password2 password3 pipe
	plugin-dir port print-defaults protocol quick quote-names replace result-file routines set-charset set-gtid-purged
	show-create-skip-secondary-engine single-transaction skip-generated-invisible-primary-key socket source-data system tab tables
	to-timestamp triggers tz-utc update-history user users use-threads version where wildcards xml
	`)

var longOption = regexp.MustCompile(`^--[A-Za-z][-_A-Za-z0-9]*(=|$)`)

// given are reserved options that ask for what is done anyway; the configuration of many an agent has them.
var given = strings.Fields(`--single-transaction --quick --routines --events --triggers --hex-blob --opt --master-data --master-data=2
	--source-data=2 --gtid --all-databases --extended-insert --comments --tz-utc --no-tablespaces --skip-add-locks --add-drop-table
	--create-options --set-charset --quote-names --default-character-set=utf8mb4 --column-statistics=0 --set-gtid-purged=COMMENTED
	--disable-keys --add-locks --lock-tables=false --skip-lock-tables -R -E -q -A`)

// checkExtra returns the user's options without those that say nothing new, and refuses those that would change what the
// method relies on.
func checkExtra(extra []string) ([]string, error) {
	var keep []string
	for _, option := range extra {
		if slices.Contains(given, option) {
			continue
		}
		if err := checkOption(option); err != nil {
			return nil, failed(CodeOptions, "change mysqldump-addtional-opts in the agent's configuration", err, "option %q for the dump program", option)
		}
		keep = append(keep, option)
	}
	return keep, nil
}

func checkOption(option string) error {
	if !longOption.MatchString(option) {
		return errors.New("write it as --name or --name=value")
	}
	name, _, _ := strings.Cut(option[2:], "=")
	name = strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	for again := true; again; {
		again = false
		for _, p := range []string{"loose-", "skip-", "disable-", "enable-", "maximum-"} {
			if rest, found := strings.CutPrefix(name, p); found && name != "disable-keys" {
				name, again = rest, true
			}
		}
	}
	for _, r := range reserved {
		if strings.HasPrefix(r, name) { // the programs take any start of a name
			return fmt.Errorf("--%s is set by the agent", r)
		}
	}
	return nil
}
