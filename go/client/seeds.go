package client

import (
	"strconv"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

// SeedFilter narrows a list of seeds. The service takes one of Target, Source and Status; zero fields do not narrow. Page
// counts from 0; nil is the first.
type SeedFilter struct {
	Target, Source, Status string
	Page                   *int
}

// Seeds are seeds, newest first, a page of them.
func Seeds(f SeedFilter) Call[[]seedapi.Seed] {
	return get[[]seedapi.Seed]("seeds").with("targethostname", f.Target).with("sourcehostname", f.Source).
		with("status", f.Status).with("page", page(f.Page))
}

// StartSeed starts a seed and returns its ID. A refusal is an *Error whose Message names the check.
func StartSeed(method agentapi.Method, target, source string) Call[int64] {
	return post[int64]("agent-seed", string(method), target, source)
}

// CheckSeed runs the checks before a seed; it changes nothing.
func CheckSeed(method agentapi.Method, target, source string) Call[[]seedapi.Check] {
	return get[[]seedapi.Check]("agent-seed-check", string(method), target, source)
}

// SeedsStatuses are the statuses of seeds that begin with prefix, in any case.
func SeedsStatuses(prefix string) Call[[]string] {
	return get[[]string]("seeds-statuses").with("status", prefix)
}

// ActiveSeeds are the live seeds that a host takes part in.
func ActiveSeeds(host string) Call[[]seedapi.Seed] {
	return get[[]seedapi.Seed]("agent-active-seeds", host)
}

// RecentSeeds are the last ten seeds that a host took part in.
func RecentSeeds(host string) Call[[]seedapi.Seed] {
	return get[[]seedapi.Seed]("agent-recent-seeds", host)
}

// FailedSeeds are the seeds that failed.
func FailedSeeds() Call[[]seedapi.Seed] { return get[[]seedapi.Seed]("agents-failed-seeds") }

// SeedDetails is one seed.
func SeedDetails(id int64) Call[seedapi.Seed] {
	return get[seedapi.Seed]("agent-seed-details", number(id))
}

// SeedStates is the history of a seed, newest first.
func SeedStates(id int64) Call[[]seedapi.SeedStageState] {
	return get[[]seedapi.SeedStageState]("agent-seed-states", number(id))
}

// AbortSeed asks for the end of a seed; force gives up on agents that do not answer.
func AbortSeed(id int64, force bool) Call[bool] {
	k := post[bool]("agent-abort-seed", number(id))
	if force {
		k = k.with("force", "true")
	}
	return k
}

// RetrySeed takes a held seed up again at the stage where it failed.
func RetrySeed(id int64) Call[bool] { return post[bool]("agent-retry-seed", number(id)) }

// ReleaseSeed releases a held seed now.
func ReleaseSeed(id int64) Call[bool] { return post[bool]("agent-release-seed", number(id)) }

// SeedBandwidth bounds the copy of a live seed in bytes a second; 0 is no bound.
func SeedBandwidth(id, bytesPerSecond int64) Call[bool] {
	return post[bool]("agent-seed-bandwidth", number(id), number(bytesPerSecond))
}

// ProcessSeeds runs one cycle and returns the seeds that it stepped.
func ProcessSeeds() Call[[]seedapi.Seed] { return post[[]seedapi.Seed]("process-seeds") }

func number(id int64) string { return strconv.FormatInt(id, 10) }
