package config

import (
	"strings"
	"time"
)

// Config is the whole configuration. Field names are the keys of the file. It is a value: copy it, do not change it.
type Config struct {
	ListenAddress    string
	AgentsServerPort string
	ServeAgentsHttp  bool
	URLPrefix        string
	StatusEndpoint   string
	Debug            bool
	AuditLogFile     string

	BackendDB                              string // "sqlite3" or "mysql"
	SQLite3DataFile                        string
	MySQLOrchestratorHost                  string
	MySQLOrchestratorPort                  int
	MySQLOrchestratorDatabase              string
	MySQLOrchestratorUser                  string
	MySQLOrchestratorPassword              string
	MySQLOrchestratorCredentialsConfigFile string
	MySQLOrchestratorUseMutualTLS          bool
	MySQLOrchestratorSSLCertFile           string
	MySQLOrchestratorSSLPrivateKeyFile     string
	MySQLOrchestratorSSLCAFile             string
	MySQLOrchestratorSSLSkipVerify         bool

	MySQLTopologyUser                  string
	MySQLTopologyPassword              string
	MySQLTopologyCredentialsConfigFile string
	MySQLTopologySSLCertFile           string
	MySQLTopologySSLPrivateKeyFile     string
	MySQLTopologySSLCAFile             string
	MySQLTopologySSLSkipVerify         bool
	MySQLTopologyUseMutualTLS          bool
	MySQLTopologyUseMixedTLS           bool
	MySQLConnectTimeoutSeconds         int
	ReplicationCredentialsQuery        string
	ReplicationUser                    string
	ReplicationPassword                string
	DetectClusterAliasQuery            string

	AgentPollMinutes        int
	UnseenAgentForgetHours  int
	AgentHttpTimeoutSeconds int

	SeedProcessIntervalSeconds      int
	MaxRetriesForSeedStage          int
	SeedBackupStaleFailMinutes      int
	SeedDowntimeHours               int
	SeedEventDriven                 bool
	SeedAgentUnreachableFailMinutes int
	SeedReplicaLagThresholdSeconds  int
	SeedCatchUpMinutes              int
	SeedHoldFailedHours             int
	MaxActiveSeeds                  int
	MaxActiveSeedsPerSource         int
	SeedHistoryDays                 int
	AuditPurgeDays                  int

	AuthenticationMethod string // "", "basic", "multi" or "proxy"
	HTTPAuthUser         string
	HTTPAuthPassword     string
	AuthUserHeader       string
	PowerAuthUsers       []string
	ReadOnly             bool

	UseSSL            bool
	UseMutualTLS      bool
	SSLPrivateKeyFile string
	SSLCertFile       string
	SSLCAFile         string
	SSLValidOUs       []string
	SSLSkipVerify     bool

	AgentsUseSSL           bool
	AgentsUseMutualTLS     bool
	AgentSSLPrivateKeyFile string
	AgentSSLCertFile       string
	AgentSSLCAFile         string
	AgentSSLValidOUs       []string
	AgentSSLSkipVerify     bool
}

// Default is the configuration that runs without any file.
func Default() Config {
	return Config{
		ListenAddress:                   ":3000",
		AgentsServerPort:                ":3001",
		ServeAgentsHttp:                 true,
		StatusEndpoint:                  "/api/status",
		BackendDB:                       "sqlite3",
		SQLite3DataFile:                 "orchestrator-seed.sqlite3",
		MySQLOrchestratorPort:           3306,
		MySQLOrchestratorDatabase:       "orchestrator",
		MySQLTopologyUseMixedTLS:        true,
		MySQLConnectTimeoutSeconds:      2,
		AgentPollMinutes:                30,
		UnseenAgentForgetHours:          6,
		AgentHttpTimeoutSeconds:         60,
		SeedProcessIntervalSeconds:      60,
		MaxRetriesForSeedStage:          3,
		SeedBackupStaleFailMinutes:      60,
		SeedDowntimeHours:               96,
		SeedEventDriven:                 true,
		SeedAgentUnreachableFailMinutes: 5,
		SeedReplicaLagThresholdSeconds:  10,
		SeedCatchUpMinutes:              60,
		SeedHoldFailedHours:             24,
		MaxActiveSeedsPerSource:         1,
		SeedHistoryDays:                 365,
		AuditPurgeDays:                  30,
		AuthUserHeader:                  "X-Forwarded-User",
		PowerAuthUsers:                  []string{"*"},
	}
}

// IsSQLite says whether the backend is the embedded database.
func (c Config) IsSQLite() bool { return c.BackendDB == backendSQLite }

// AgentsListenAddress is where the agents' door listens, host:port; AgentsServerPort may be written without the colon.
func (c Config) AgentsListenAddress() string {
	if strings.Contains(c.AgentsServerPort, ":") {
		return c.AgentsServerPort
	}
	return ":" + c.AgentsServerPort
}

// Durations of the keys that carry a unit in their names.

func (c Config) MySQLConnectTimeout() time.Duration { return seconds(c.MySQLConnectTimeoutSeconds) }
func (c Config) AgentPoll() time.Duration           { return minutes(c.AgentPollMinutes) }
func (c Config) UnseenAgentForget() time.Duration   { return hours(c.UnseenAgentForgetHours) }
func (c Config) AgentHttpTimeout() time.Duration    { return seconds(c.AgentHttpTimeoutSeconds) }
func (c Config) SeedProcessInterval() time.Duration { return seconds(c.SeedProcessIntervalSeconds) }
func (c Config) SeedBackupStaleFail() time.Duration { return minutes(c.SeedBackupStaleFailMinutes) }
func (c Config) SeedDowntime() time.Duration        { return hours(c.SeedDowntimeHours) }
func (c Config) SeedReplicaLagLimit() time.Duration { return seconds(c.SeedReplicaLagThresholdSeconds) }
func (c Config) SeedCatchUp() time.Duration         { return minutes(c.SeedCatchUpMinutes) }
func (c Config) SeedHoldFailed() time.Duration      { return hours(c.SeedHoldFailedHours) }
func (c Config) SeedHistory() time.Duration         { return 24 * hours(c.SeedHistoryDays) }
func (c Config) AuditPurge() time.Duration          { return 24 * hours(c.AuditPurgeDays) }
func (c Config) SeedAgentUnreachable() time.Duration {
	return minutes(c.SeedAgentUnreachableFailMinutes)
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }
func hours(n int) time.Duration   { return time.Duration(n) * time.Hour }
