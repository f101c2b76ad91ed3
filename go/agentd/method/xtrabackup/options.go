package xtrabackup

import (
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// reserved are the options that decide what is copied, where it goes, how the stream looks and who logs in; besides those
// that would change the source: a tool that is killed could not take them back. A * stands for any end.
var reserved = strings.Fields(`
	apply-log-only backup backup-lock-retry-count check-privileges copy-back core-file databases databases-exclude databases-file
	datadir decompress decrypt* defaults-extra-file defaults-file defaults-group defaults-group-suffix dump-innodb-buffer-pool*
	encrypt* encrypt-for-version export extra-lsndir fifo-* force-non-empty-directories help history host incremental*
	innodb-force-recovery innodb-log-group-home-dir innodb-undo-directory innodb-data-home-dir innodb-data-file-path log-bin
	log-innodb-page-corruption login-path move-back mysqld-args no-defaults no-lock page-tracking password password1 password2 password3
	port prepare print-defaults print-param protocol rebuild-indexes rebuild-threads rollback-prepared-trx remove-original rsync
	safe-slave-backup* skip-backup socket stats stream tables tables-compatibility-check tables-exclude tables-file target-dir tmpdir user
	version
	`)

// only tells why an option is refused where "set by the agent" would not.
var only = map[string]string{
	"safe-slave-backup":     "it stops the source's replication, and a killed backup would leave it stopped",
	"no-lock":               "without it the position would not fit the copy",
	"innodb-force-recovery": "a copy that needs it is not a good one",
	"history":               "it writes into the source",
	"encrypt":               "data is encrypted on its way by the agents (or socat-use-ssl)",
}

// preparing are the options that --prepare takes too, and those (true) that only it takes.
var preparing = map[string]bool{
	"use-memory": true, "use-free-memory-pct": true, "innodb-use-native-aio": false, "open-files-limit": false, "plugin-dir": false,
	"xtrabackup-plugin-dir": false, "plugin-load": false, "early-plugin-load": false, "keyring-file-data": false, "transition-key": false,
	"generate-new-master-key": true, "component-keyring-config": false, "component-keyring-file-config": false,
	"file-key-management-filename": false, "file-key-management-filekey": false, "file-key-management-encryption-algorithm": false,
}

var longOption = regexp.MustCompile(`^--[A-Za-z][-_A-Za-z0-9]*(=|$)`)

// given ask for what is done anyway; the configuration of many an agent has them.
var given = strings.Fields(`--backup --stream=xbstream --stream=mbstream --no-version-check --no-timestamp --slave-info --check-privileges
	--binlog-info=on --binlog-info=ON`)

// extra are the user's options, sorted out.
type extra struct {
	backup   []string
	prepare  []string
	parallel int // 0: not said
	memory   bool
	compress bool
}

// checkExtra sorts the user's options, and refuses those that would change what the method relies on.
func checkExtra(options []string) (extra, error) {
	var x extra
	for _, option := range options {
		if slices.Contains(given, option) {
			continue
		}
		if err := x.take(option); err != nil {
			return extra{}, failed(CodeOptions, "change xtrabackup-addtional-opts in the agent's configuration", err, "option %q for the backup tool", option)
		}
	}
	return x, nil
}

func (x *extra) take(option string) error {
	if !longOption.MatchString(option) {
		return errors.New("write it as --name or --name=value")
	}
	name, value, _ := strings.Cut(option[2:], "=")
	name = strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	plain := plainName(name)
	if err := refused(plain); err != nil {
		return err
	}
	if name == "parallel" {
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > 256 {
			return errors.New("a number from 1 to 256 is needed")
		}
		x.parallel = n
		return nil
	}
	x.compress = x.compress || strings.HasPrefix(name, "compress")
	alone, prepares := preparing[name]
	if prepares {
		x.prepare = append(x.prepare, option)
		x.memory = x.memory || strings.HasPrefix(name, "use-")
	}
	if !alone {
		x.backup = append(x.backup, option)
	}
	return nil
}

// plainName takes the prefixes away that option readers know.
func plainName(name string) string {
	for again := true; again; {
		again = false
		for _, p := range []string{"loose-", "skip-", "disable-", "enable-", "maximum-"} {
			if rest, found := strings.CutPrefix(name, p); found {
				name, again = rest, true
			}
		}
	}
	return name
}

// refused says why an option can't be allowed; the programs take any start of a name.
func refused(name string) error {
	for _, r := range reserved {
		open, any := strings.CutSuffix(r, "*")
		if !strings.HasPrefix(open, name) && !(any && strings.HasPrefix(name, open)) {
			continue
		}
		for n, why := range only {
			if strings.HasPrefix(n, name) || strings.HasPrefix(name, n) {
				return errors.New(why)
			}
		}
		return fmt.Errorf("--%s is set by the agent", open)
	}
	return nil
}

// threads is how many files are read, and written, at once: as configured, else one for each CPU, at most 4.
func (x *extra) threads() int {
	if x.parallel > 0 {
		return x.parallel
	}
	const most = 4
	return min(most, runtime.NumCPU())
}
