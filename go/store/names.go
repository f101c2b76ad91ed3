package store

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

const (
	// Not LIKE: its wildcards and its idea of case differ between the dialects.
	selectHostNames      = `SELECT hostname FROM host_agent WHERE SUBSTR(LOWER(hostname), 1, ?) = ? ORDER BY hostname`
	selectClusterAliases = `SELECT DISTINCT cluster_alias FROM host_agent
		WHERE cluster_alias <> '' AND SUBSTR(LOWER(cluster_alias), 1, ?) = ? ORDER BY cluster_alias`

	insertAttribute = `INSERT INTO host_attributes
			(hostname, attribute_name, attribute_value, submit_timestamp, expire_timestamp)
		VALUES (?, ?, ?, ?, NULL)`
	selectAttributes = `SELECT hostname, attribute_name, attribute_value, submit_timestamp FROM host_attributes
		WHERE attribute_name = ? ORDER BY hostname`
)

// HostNames implements agent.Queries; upper and lower case are the same in a prefix.
func (s *Store) HostNames(ctx context.Context, prefix string) ([]string, error) {
	return s.names(ctx, "list host names", selectHostNames, prefix)
}

// ClusterAliases implements agent.Queries; upper and lower case are the same in a prefix.
func (s *Store) ClusterAliases(ctx context.Context, prefix string) ([]string, error) {
	return s.names(ctx, "list cluster names", selectClusterAliases, prefix)
}

func (s *Store) names(ctx context.Context, what, query, prefix string) ([]string, error) {
	prefix = strings.ToLower(text(prefix))
	names, err := stringsOf(s.read.QueryContext(ctx, query, utf8.RuneCountInString(prefix), prefix))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return names, nil
}

// SetHostAttribute implements agent.Queries.
func (s *Store) SetHostAttribute(ctx context.Context, host, name, value string) error {
	err := s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.d.upsertAttribute, host, name, text(value), dbTime(s.clock.Now()))
		return err
	})
	if err != nil {
		return fmt.Errorf("set attribute %s of %s: %w", name, host, err)
	}
	return nil
}

// HostAttributes implements agent.Queries. valueMatch is a regular expression that is looked for in the value, as in
// orchestrator, whatever the case; "" takes every value, a wrong one is ErrBadInput.
func (s *Store) HostAttributes(ctx context.Context, name, valueMatch string) ([]agent.HostAttribute, error) {
	match, err := regexp.Compile("(?is)" + valueMatch)
	if err != nil {
		return nil, fmt.Errorf("valueMatch %q: %w: %w", valueMatch, agent.ErrBadInput, err)
	}
	var all []agent.HostAttribute
	rows, err := s.read.QueryContext(ctx, selectAttributes, name)
	err = each(rows, err, func() error {
		var a agent.HostAttribute
		if err := rows.Scan(&a.Host, &a.Name, &a.Value, timeInto{&a.SubmittedAt}); err != nil {
			return err
		}
		if match.MatchString(a.Value) {
			all = append(all, a)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read attributes %s: %w", name, err)
	}
	return all, nil
}
