package memstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

var _ agent.Store = (*Store)(nil)

// Store keeps everything in maps under one lock.
type Store struct {
	mu       sync.Mutex
	now      func() time.Time
	term     int64 // of the leader; a Fence with another term is refused
	seeds    map[int64]*agent.Seed
	rows     []agent.StageState
	hosts    map[string]*agent.Host
	audit    []agent.AuditRow
	downtime map[string]agent.Downtime
	lastSeed int64
	wakes    map[int64]int64
	fail     func(call string) error
}

// New returns an empty store that takes the time from clock.
func New(clock agent.Clock) *Store {
	return &Store{now: clock.Now, seeds: map[int64]*agent.Seed{}, hosts: map[string]*agent.Host{}, downtime: map[string]agent.Downtime{},
		wakes: map[int64]int64{}}
}

// SetTerm makes that term the only one whose writes are taken; 0 takes all.
func (s *Store) SetTerm(term int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.term = term
}

// FailWith has every call ask f first, by its method's name; an error of f is the call's.
func (s *Store) FailWith(f func(call string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = f
}

// Downtimes returns the downtime entries by host.
func (s *Store) Downtimes() map[string]agent.Downtime {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]agent.Downtime{}
	for host, d := range s.downtime {
		all[host] = d
	}
	return all
}

func (s *Store) enter(ctx context.Context, call string) (unlock func(), err error) {
	s.mu.Lock()
	if err := ctx.Err(); err != nil {
		s.mu.Unlock()
		return nil, err
	}
	if s.fail != nil {
		if err := s.fail(call); err != nil {
			s.mu.Unlock()
			return nil, err
		}
	}
	return s.mu.Unlock, nil
}

func (s *Store) fenced(f agent.Fence) error {
	if f.Term != 0 && s.term != 0 && f.Term != s.term {
		return agent.ErrFenced
	}
	return nil
}

// copied makes a deep copy by way of JSON, as a database would.
func copied[T any](v *T) *T {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own types
	}
	out := new(T)
	if err := json.Unmarshal(raw, out); err != nil {
		panic(err)
	}
	return out
}

// CreateSeed implements agent.Store.
func (s *Store) CreateSeed(ctx context.Context, f agent.Fence, seed *agent.Seed, rows []agent.StageState, audit agent.AuditEntry, dt *agent.Downtime, maxActive, maxPerSource int) (*agent.Seed, error) {
	unlock, err := s.enter(ctx, "CreateSeed")
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := s.fenced(f); err != nil {
		return nil, err
	}
	if err := known(seed); err != nil {
		return nil, err
	}
	if err := s.inTheWay(seed, maxActive, maxPerSource); err != nil {
		return nil, err
	}
	s.lastSeed++
	made := copied(seed)
	made.ID, made.Version, made.UpdatedAt = s.lastSeed, 1, s.now()
	s.seeds[made.ID] = made
	s.addRows(made.ID, rows)
	s.audit = append(s.audit, agent.AuditRow{ID: int64(len(s.audit) + 1), AuditEntry: audit})
	if dt != nil {
		s.downtime[dt.Host] = *dt
	}
	return copied(made), nil
}

func (s *Store) inTheWay(seed *agent.Seed, maxActive, maxPerSource int) error {
	if err := s.taken(seed); err != nil {
		return err
	}
	active, fromSource := 0, 0
	for _, other := range s.sorted() {
		if !other.Active() {
			continue
		}
		active++
		if other.SourceHost == seed.SourceHost {
			fromSource++
		}
	}
	if maxPerSource > 0 && fromSource >= maxPerSource {
		return refused(seed.SourceHost, fmt.Sprintf("%d active seeds read from it already", fromSource))
	}
	if maxActive > 0 && active >= maxActive {
		return refused(seed.TargetHost, fmt.Sprintf("%d seeds are active already", active))
	}
	return nil
}

// taken refuses a seed while another active one has its hosts.
func (s *Store) taken(seed *agent.Seed) error {
	for _, other := range s.sorted() {
		if other.ID == seed.ID || !other.Active() {
			continue
		}
		if other.TargetHost == seed.TargetHost || other.SourceHost == seed.TargetHost || other.TargetHost == seed.SourceHost {
			return refused(seed.TargetHost, fmt.Sprintf("seed %d of %s from %s is active", other.ID, other.TargetHost, other.SourceHost))
		}
	}
	return nil
}

func refused(host, text string) error {
	return &agent.OpError{Code: "refused", Op: "start a seed", Host: host, Text: text, Hint: "wait until it has ended", Err: agent.ErrRefused}
}

// known refuses words that no reader would understand.
func known(seed *agent.Seed) error {
	_, stage := agentapi.ParseStage(string(seed.Stage))
	_, status := agentapi.ParseStatus(string(seed.Status))
	_, method := agentapi.ParseMethod(string(seed.Method))
	_, side := agentapi.ParseSide(string(seed.BackupSide))
	return errors.Join(stage, status, method, side)
}

func (s *Store) addRows(seedID int64, rows []agent.StageState) {
	for _, row := range rows {
		row.SeedID, row.At = seedID, row.At.UTC()
		if last := s.newest(row); last != nil && last.Status == row.Status && last.Attempt == row.Attempt && last.Details == row.Details {
			last.Repeats++
			last.At = row.At
			continue
		}
		row.ID, row.Repeats = s.lastRow()+1, max(1, row.Repeats)
		s.rows = append(s.rows, row)
	}
}

// thin folds all equal progress rows of an ended seed into the first of them.
func (s *Store) thin(seedID int64) {
	first := map[agent.StageState]int{}
	kept := s.rows[:0:0]
	for _, row := range s.rows {
		key := row
		key.ID, key.At, key.Repeats = 0, time.Time{}, 0
		if i, seen := first[key]; seen && row.SeedID == seedID && row.Status == agentapi.Running {
			kept[i].Repeats += row.Repeats
			kept[i].At = row.At
			continue
		}
		first[key] = len(kept)
		kept = append(kept, row)
	}
	s.rows = kept
}

// newest is the newest row of the same seed, stage and host.
func (s *Store) newest(row agent.StageState) *agent.StageState {
	for i := len(s.rows) - 1; i >= 0; i-- {
		if r := &s.rows[i]; r.SeedID == row.SeedID && r.Stage == row.Stage && r.Host == row.Host {
			return r
		}
	}
	return nil
}

func (s *Store) lastRow() int64 {
	if len(s.rows) == 0 {
		return 0
	}
	return s.rows[len(s.rows)-1].ID
}

// Transition implements agent.Store.
func (s *Store) Transition(ctx context.Context, f agent.Fence, t agent.Transition) (*agent.Seed, error) {
	unlock, err := s.enter(ctx, "Transition")
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := s.fenced(f); err != nil {
		return nil, err
	}
	have := s.seeds[t.Seed.ID]
	if have == nil || have.Version != t.Seed.Version {
		return nil, agent.ErrConflict
	}
	if err := known(&t.Seed); err != nil {
		return nil, err
	}
	if !have.Active() && t.Seed.Active() {
		if err := s.taken(&t.Seed); err != nil {
			return nil, err
		}
	}
	stored := copied(&t.Seed)
	stored.Version++
	stored.UpdatedAt = s.now()
	s.seeds[stored.ID] = stored
	s.addRows(stored.ID, t.Rows)
	if !stored.Active() {
		s.thin(stored.ID)
	}
	for _, a := range t.Audit {
		s.audit = append(s.audit, agent.AuditRow{ID: int64(len(s.audit) + 1), AuditEntry: a})
	}
	if t.BeginDowntime != nil {
		s.downtime[t.BeginDowntime.Host] = *t.BeginDowntime
	}
	if t.EndDowntime {
		delete(s.downtime, stored.TargetHost)
	}
	return copied(stored), nil
}

// Seed implements agent.Store.
func (s *Store) Seed(ctx context.Context, id int64) (*agent.Seed, error) {
	unlock, err := s.enter(ctx, "Seed")
	if err != nil {
		return nil, err
	}
	defer unlock()
	if seed := s.seeds[id]; seed != nil {
		return copied(seed), nil
	}
	return nil, fmt.Errorf("seed %d: %w", id, agent.ErrNotFound)
}

// WorkSeeds implements agent.Store.
func (s *Store) WorkSeeds(ctx context.Context) ([]*agent.Seed, error) {
	unlock, err := s.enter(ctx, "WorkSeeds")
	if err != nil {
		return nil, err
	}
	defer unlock()
	var work []*agent.Seed
	for _, seed := range s.sorted() {
		if seed.Active() || seed.Releasing() {
			work = append(work, copied(seed))
		}
	}
	return work, nil
}

// WorkVersions implements agent.Store.
func (s *Store) WorkVersions(ctx context.Context) ([]agent.SeedVersion, error) {
	unlock, err := s.enter(ctx, "WorkVersions")
	if err != nil {
		return nil, err
	}
	defer unlock()
	var work []agent.SeedVersion
	for _, seed := range s.sorted() {
		if seed.Active() || seed.Releasing() {
			work = append(work, agent.SeedVersion{ID: seed.ID, Version: seed.Version, Wakes: s.wakes[seed.ID]})
		}
	}
	return work, nil
}

// WakeSeed implements agent.Store.
func (s *Store) WakeSeed(ctx context.Context, id int64) error {
	unlock, err := s.enter(ctx, "WakeSeed")
	if err != nil {
		return err
	}
	defer unlock()
	if s.seeds[id] == nil {
		return fmt.Errorf("wake seed %d: %w", id, agent.ErrNotFound)
	}
	s.wakes[id]++
	return nil
}

func (s *Store) sorted() []*agent.Seed {
	all := make([]*agent.Seed, 0, len(s.seeds))
	for _, seed := range s.seeds {
		all = append(all, seed)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].ID < all[j].ID })
	return all
}

// SeedStates returns a seed's history, newest first.
func (s *Store) SeedStates(_ context.Context, id int64) ([]agent.StageState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows []agent.StageState
	for i := len(s.rows) - 1; i >= 0; i-- {
		if s.rows[i].SeedID == id {
			rows = append(rows, s.rows[i])
		}
	}
	return rows, nil
}

// AuditText returns every audit message, oldest first, a line each.
func (s *Store) AuditText() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, a := range s.audit {
		fmt.Fprintln(&b, a.Type+": "+a.Message)
	}
	return b.String()
}

// concerned says whether an active or releasing seed needs the host.
func (s *Store) concerned(host string) bool {
	for _, seed := range s.seeds {
		if (seed.Active() || seed.Releasing()) && (seed.Host(agentapi.Target) == host || seed.Host(agentapi.Source) == host) {
			return true
		}
	}
	return false
}
