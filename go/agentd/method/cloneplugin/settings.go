package cloneplugin

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// The variables of the clone plugin that the agent itself sets.
const (
	donorList        = "clone_valid_donor_list"
	networkBandwidth = "clone_max_network_bandwidth" // MiB a second, 0 for no bound
)

// known is every variable that may be configured: what it takes, and whether it is the source that heeds it too.
var known = map[string]struct {
	kind   string
	source bool
}{
	"clone_autotune_concurrency":                {"flag", false},
	"clone_block_ddl":                           {"flag", true},
	"clone_buffer_size":                         {"number", false},
	"clone_ddl_timeout":                         {"number", true},
	"clone_delay_after_data_drop":               {"number", false},
	"clone_donor_timeout_after_network_failure": {"number", true},
	"clone_enable_compression":                  {"flag", false},
	"clone_max_concurrency":                     {"number", false},
	"clone_max_data_bandwidth":                  {"number", false},
	networkBandwidth:                            {"number", false},
	"clone_ssl_ca":                              {"text", false},
	"clone_ssl_cert":                            {"text", false},
	"clone_ssl_key":                             {"text", false},
}

// settings are clone_* variables by name, with values as SET GLOBAL takes them: int64 or string.
type settings map[string]any

// parseSettings reads the clone-* keys of the configuration; both spellings, with - and _, are taken. Ignored are
// clone-valid-donor-list, which each seed sets for itself, and empty values.
func parseSettings(raw map[string]string) (s settings, ignored []string, err error) {
	s = settings{}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		name, value := strings.ReplaceAll(key, "-", "_"), strings.TrimSpace(raw[key])
		if name == donorList || value == "" {
			ignored = append(ignored, key)
			continue
		}
		what, found := known[name]
		if !found {
			errs = append(errs, fmt.Errorf("clone_plugin.%s: unknown; known are %s", key, strings.Join(slices.Sorted(maps.Keys(known)), ", ")))
			continue
		}
		v, err := parseValue(what.kind, value)
		if err != nil {
			errs = append(errs, fmt.Errorf("clone_plugin.%s: wrong value %q; %w", key, value, err))
			continue
		}
		if _, twice := s[name]; twice {
			errs = append(errs, fmt.Errorf("clone_plugin.%s: is set twice, in two spellings", key))
		}
		s[name] = v
	}
	return s, ignored, errors.Join(errs...)
}

func parseValue(kind, value string) (any, error) {
	switch kind {
	case "number":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 {
			return nil, errors.New("allowed: a whole number, 0 or more")
		}
		return n, nil
	case "flag":
		switch strings.ToLower(value) {
		case "true", "on", "1", "yes":
			return "ON", nil
		case "false", "off", "0", "no":
			return "OFF", nil
		}
		return nil, errors.New("allowed: true or false")
	}
	return value, nil
}

// ofSource are those that the source heeds.
func (s settings) ofSource() settings {
	of := settings{}
	for name, v := range s {
		if known[name].source {
			of[name] = v
		}
	}
	return of
}

// rememberSettings is the journal's key for the variables' values from before the seed, as text.
const rememberSettings = "clone-settings"

// apply sets the variables, after what they were is in the journal. Of those that an earlier attempt set already, the
// journal keeps the older value.
func (s settings) apply(ctx context.Context, w *method.Work, db *sql.DB) error {
	before := map[string]string{}
	if _, err := w.Run.Recall(rememberSettings, &before); err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(s))
	for _, name := range names {
		if _, found := before[name]; found {
			continue
		}
		var was sql.NullString
		if err := db.QueryRowContext(ctx, "SELECT @@GLOBAL."+name).Scan(&was); err != nil {
			return settingError(name, err)
		}
		before[name] = was.String
	}
	if err := w.Run.Remember(rememberSettings, before); err != nil {
		return err
	}
	for _, name := range names {
		if err := set(ctx, db, name, s[name]); err != nil {
			return settingError(name, err)
		}
	}
	return nil
}

// set sets one variable. The text of a prepared SET GLOBAL may hold a placeholder.
func set(ctx context.Context, db *sql.DB, name string, value any) error {
	if value == "" {
		_, err := db.ExecContext(ctx, "SET GLOBAL "+name+" = NULL") // the empty donor list is no valid one
		return err
	}
	_, err := db.ExecContext(ctx, "SET GLOBAL "+name+" = ?", value)
	return err
}

func settingError(name string, err error) error {
	if host.Errno(err) == errUnknownVariable {
		return permanent(CodeSettings, "remove it from [clone_plugin] of the agent's configuration", err, "this server has no variable %s", name)
	}
	if n := host.Errno(err); n == 1231 || n == 1232 || n == errDonorList {
		return permanent(CodeSettings, "correct it in [clone_plugin] of the agent's configuration", err, "the server refuses the value for %s", name)
	}
	return queryError(err, "set "+name)
}

// putSettingsBack gives the variables their old values; it may be called again, and when none was changed. A variable that
// is not there any more, because the plugin was removed, has nothing to be put back.
func putSettingsBack(ctx context.Context, w *method.Work, db *sql.DB) error {
	var before map[string]string
	if _, err := w.Run.Recall(rememberSettings, &before); err != nil || len(before) == 0 {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		var value any = before[name]
		if n, err := strconv.ParseInt(before[name], 10, 64); err == nil {
			value = n
		}
		if err := set(ctx, db, name, value); err != nil && host.Errno(err) != errUnknownVariable {
			return queryError(err, "put back "+name)
		}
	}
	return w.Run.Remember(rememberSettings, map[string]string{})
}
