package agent

import (
	"context"
	"time"
)

// Queries is what pages and API read beside the engine; the store answers it. Paging and filters are done in SQL.
type Queries interface {
	Seeds(ctx context.Context, f SeedFilter) ([]*Seed, error)                            // newest first
	SeedStates(ctx context.Context, seedID int64) ([]StageState, error)                  // newest first
	SeedStatesSince(ctx context.Context, afterID int64, limit int) ([]StageState, error) // oldest first
	LastStateID(ctx context.Context) (int64, error)                                      // of the newest row of history; 0: none
	Hosts(ctx context.Context, f HostFilter) ([]*Host, error)                            // by cluster, then host
	HostNames(ctx context.Context, prefix string) ([]string, error)                      // sorted
	ClusterAliases(ctx context.Context, prefix string) ([]string, error)                 // sorted, each once
	AuditPage(ctx context.Context, page, perPage int) ([]AuditRow, error)                // newest first, page from 0
	SetHostAttribute(ctx context.Context, host, name, value string) error
	HostAttributes(ctx context.Context, name, valueMatch string) ([]HostAttribute, error)
	// CountSeeds is the number of seeds by stage and status.
	CountSeeds(ctx context.Context) ([]SeedCount, error)
	// Ping says whether the backend answers and takes writes.
	Ping(ctx context.Context) error
}

// SeedFilter narrows a list of seeds; zero fields do not narrow.
type SeedFilter struct {
	Target, Source string // exact host names
	EitherHost     string // target or source
	Method         Method
	Status         Status
	ActiveOnly     bool
	IDs            []int64 // only these seeds; nil: all
	BeforeID       int64   // only seeds with a smaller ID: pages that never repeat a seed; 0: all
	Limit          int     // 0: all
	Offset         int
}

// HostFilter narrows a list of agents; zero fields do not narrow.
type HostFilter struct {
	Hostname     string
	ClusterAlias string
	Status       HostStatus
	ChangedSince time.Time // only those that were asked or seen since
	Limit        int       // 0: all
	Offset       int
}

// AuditRow is a stored AuditEntry.
type AuditRow struct {
	ID int64
	AuditEntry
}

// HostAttribute is one value of the per-host key/value store.
type HostAttribute struct {
	Host, Name, Value string
	SubmittedAt       time.Time
}

// SeedCount is how many seeds stand at a stage with a status.
type SeedCount struct {
	Stage  Stage
	Status Status
	Count  int64
}
