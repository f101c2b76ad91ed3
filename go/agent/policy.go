package agent

import "time"

// Policy is what the configuration says about seeds; constant while the engine runs.
type Policy struct {
	Interval         time.Duration // SeedProcessIntervalSeconds
	EventDriven      bool          // SeedEventDriven
	MaxRetries       int           // MaxRetriesForSeedStage
	StaleAfter       time.Duration // SeedBackupStaleFailMinutes
	UnreachableAfter time.Duration // SeedAgentUnreachableFailMinutes
	LagThreshold     time.Duration // SeedReplicaLagThresholdSeconds
	CatchUp          time.Duration // SeedCatchUpMinutes
	HoldFailed       time.Duration // SeedHoldFailedHours
	GiveUpRelease    time.Duration // how long an agent is asked to release a failed seed
	Downtime         time.Duration // SeedDowntimeHours
	MaxActive        int           // MaxActiveSeeds; 0: no bound
	MaxPerSource     int           // MaxActiveSeedsPerSource
	AgentPoll        time.Duration // AgentPollMinutes
	ForgetAfter      time.Duration // UnseenAgentForgetHours
	SeedHistory      time.Duration // SeedHistoryDays
	AuditHistory     time.Duration // AuditPurgeDays
	CallbackWindow   time.Duration // how long a registering agent is called back
}

// DefaultPolicy is what holds without any configuration.
func DefaultPolicy() Policy {
	return Policy{
		Interval:         time.Minute,
		EventDriven:      true,
		MaxRetries:       3,
		StaleAfter:       time.Hour,
		UnreachableAfter: 5 * time.Minute,
		LagThreshold:     10 * time.Second,
		CatchUp:          time.Hour,
		HoldFailed:       24 * time.Hour,
		GiveUpRelease:    24 * time.Hour,
		Downtime:         96 * time.Hour,
		MaxPerSource:     1,
		AgentPoll:        30 * time.Minute,
		ForgetAfter:      6 * time.Hour,
		SeedHistory:      365 * 24 * time.Hour,
		AuditHistory:     30 * 24 * time.Hour,
		CallbackWindow:   30 * time.Second,
	}
}

// retryWait is how long a seed in Error waits before retry number retries+1: the interval, doubling, up to ten intervals.
func (p Policy) retryWait(retries int) time.Duration {
	wait := p.Interval
	for range retries {
		wait *= 2
		if wait >= 10*p.Interval {
			return 10 * p.Interval
		}
	}
	return wait
}
