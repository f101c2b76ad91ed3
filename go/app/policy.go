package app

import (
	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/config"
)

// policy is what the configuration says about seeds.
func policy(c config.Config) agent.Policy {
	p := agent.DefaultPolicy()
	p.Interval = c.SeedProcessInterval()
	p.EventDriven = c.SeedEventDriven
	p.MaxRetries = c.MaxRetriesForSeedStage
	p.StaleAfter = c.SeedBackupStaleFail()
	p.UnreachableAfter = c.SeedAgentUnreachable()
	p.LagThreshold = c.SeedReplicaLagLimit()
	p.CatchUp = c.SeedCatchUp()
	p.HoldFailed = c.SeedHoldFailed()
	p.Downtime = c.SeedDowntime()
	p.MaxActive = c.MaxActiveSeeds
	p.MaxPerSource = c.MaxActiveSeedsPerSource
	p.AgentPoll = c.AgentPoll()
	p.ForgetAfter = c.UnseenAgentForget()
	p.SeedHistory = c.SeedHistory()
	p.AuditHistory = c.AuditPurge()
	return p
}
