package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

// Seed implements agent.Store.
func (s *Store) Seed(ctx context.Context, id int64) (*agent.Seed, error) {
	seed, err := scanSeed(s.read.QueryRowContext(ctx, selectSeed, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("seed %d: %w", id, agent.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("read seed %d: %w", id, err)
	}
	return seed, nil
}

// WorkSeeds implements agent.Store, with one query.
func (s *Store) WorkSeeds(ctx context.Context) ([]*agent.Seed, error) {
	seeds, err := s.seeds(ctx, selectWorkSeeds)
	if err != nil {
		return nil, fmt.Errorf("read the seeds to work on: %w", err)
	}
	return seeds, nil
}

// Seeds implements agent.Queries. With Offset, seeds that start between two pages push older ones onto the next page, where
// they are seen again; with BeforeID no seed is seen twice.
func (s *Store) Seeds(ctx context.Context, f agent.SeedFilter) ([]*agent.Seed, error) {
	before := f.BeforeID
	if before <= 0 {
		before = math.MaxInt64
	}
	query, args := selectSeeds, []any{before}
	if f.IDs != nil {
		query, args = query+seedsNumbered+list(len(f.IDs)), append(args, anys(f.IDs)...)
	}
	if f.Target != "" {
		query, args = query+seedsOfTarget, append(args, f.Target)
	}
	if f.Source != "" {
		query, args = query+seedsOfSource, append(args, f.Source)
	}
	if f.EitherHost != "" {
		query, args = query+seedsOfEither, append(args, f.EitherHost, f.EitherHost)
	}
	if f.Method != "" {
		query, args = query+seedsByMethod, append(args, f.Method)
	}
	if f.Status != "" {
		query, args = query+seedsOfStatus, append(args, f.Status)
	}
	if f.ActiveOnly {
		query += seedsUnended
	}
	seeds, err := s.seeds(ctx, query+seedsPage, append(args, limit(f.Limit), f.Offset)...)
	if err != nil {
		return nil, fmt.Errorf("list seeds: %w", err)
	}
	return seeds, nil
}

// CountSeeds implements agent.Queries.
func (s *Store) CountSeeds(ctx context.Context) ([]agent.SeedCount, error) {
	var all []agent.SeedCount
	rows, err := s.read.QueryContext(ctx, countSeeds)
	err = each(rows, err, func() error {
		var c agent.SeedCount
		if err := rows.Scan(&c.Stage, &c.Status, &c.Count); err != nil {
			return err
		}
		all = append(all, c)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count seeds: %w", err)
	}
	return all, nil
}

func (s *Store) seeds(ctx context.Context, query string, args ...any) ([]*agent.Seed, error) {
	var all []*agent.Seed
	rows, err := s.read.QueryContext(ctx, query, args...)
	err = each(rows, err, func() error {
		seed, err := scanSeed(rows)
		if err != nil {
			return err
		}
		all = append(all, seed)
		return nil
	})
	return all, err
}

// limit is the argument of LIMIT: 0 means all.
func limit(n int) int64 {
	if n <= 0 {
		return math.MaxInt64
	}
	return int64(n)
}
