package cli

// grammar is every command and flag, in the order of the help.
type grammar struct {
	globals

	AgentSeed        agentSeedCmd        `cmd:"" group:"seeds" help:"Start a seed: copy the source's data to the target and make it a replica."`
	AgentSeedCheck   agentSeedCheckCmd   `cmd:"" group:"seeds" help:"Run the checks before a seed; changes nothing."`
	Wait             waitCmd             `cmd:"" group:"seeds" help:"Watch a seed until it ends."`
	Seeds            seedsCmd            `cmd:"" group:"seeds" help:"List seeds, newest first."`
	AgentActiveSeeds activeSeedsCmd      `cmd:"" name:"agent-active-seeds" group:"seeds" help:"List the live seeds of a host."`
	AgentRecentSeeds recentSeedsCmd      `cmd:"" name:"agent-recent-seeds" group:"seeds" help:"List the last ten seeds of a host."`
	FailedSeeds      failedSeedsCmd      `cmd:"" name:"agents-failed-seeds" group:"seeds" help:"List the seeds that failed."`
	AgentSeedDetails agentSeedDetailsCmd `cmd:"" group:"seeds" help:"Show one seed."`
	AgentSeedStates  agentSeedStatesCmd  `cmd:"" group:"seeds" help:"Show the history of a seed."`
	AgentAbortSeed   agentAbortSeedCmd   `cmd:"" group:"seeds" help:"End a live seed."`
	AgentRetrySeed   agentRetrySeedCmd   `cmd:"" group:"seeds" help:"Go on with a failed seed that is held."`
	AgentReleaseSeed agentReleaseSeedCmd `cmd:"" group:"seeds" help:"Let go of a failed seed that is held."`
	SeedBandwidth    seedBandwidthCmd    `cmd:"" name:"agent-seed-bandwidth" group:"seeds" help:"Bound the copy of a live seed, while it runs."`
	ProcessSeeds     processSeedsCmd     `cmd:"" group:"seeds" help:"Step every active seed now."`
	SeedsStatuses    seedsStatusesCmd    `cmd:"" group:"seeds" help:"List the statuses a seed can have."`

	Agents          agentsCmd             `cmd:"" group:"agents" help:"List agents, by cluster."`
	AgentsHosts     agentsHostsCmd        `cmd:"" group:"agents" help:"List the names of agents' hosts."`
	AgentsStatuses  agentsStatusesCmd     `cmd:"" group:"agents" help:"List the statuses an agent can have."`
	ClustersAliases clustersAliasesCmd    `cmd:"" group:"agents" help:"List the names of clusters."`
	Agent           agentCmd              `cmd:"" group:"agents" help:"Show an agent and its host."`
	AgentData       agentDataCmd          `cmd:"" group:"agents" help:"Show what an agent last said of its host."`
	AgentUpdate     agentUpdateCmd        `cmd:"" group:"agents" help:"Ask an agent now."`
	CustomCommand   agentCustomCommandCmd `cmd:"" name:"agent-custom-command" group:"agents" help:"Run a command of an agent's configuration."`
	AgentMySQLStart mysqlStartCmd         `cmd:"" name:"agent-mysql-start" group:"agents" help:"Start MySQL on a host."`
	AgentMySQLStop  mysqlStopCmd          `cmd:"" name:"agent-mysql-stop" group:"agents" help:"Stop MySQL on a host."`
	MySQLErrorLog   mysqlErrorLogCmd      `cmd:"" name:"agent-mysql-error-log" group:"agents" help:"Show the end of MySQL's error log."`
	AgentMount      agentMountCmd         `cmd:"" group:"agents" help:"Mount a logical volume at the agent's mount point."`
	AgentUmount     agentUmountCmd        `cmd:"" group:"agents" help:"Free the agent's mount point."`
	CreateSnapshot  createSnapshotCmd     `cmd:"" name:"agent-create-snapshot" group:"agents" help:"Take a snapshot of MySQL's volume."`
	AgentRemovelv   agentRemovelvCmd      `cmd:"" group:"agents" help:"Remove a logical volume."`

	Audit       auditCmd       `cmd:"" group:"service" help:"Show who did what."`
	Status      statusCmd      `cmd:"" group:"service" help:"Show what the service says of itself."`
	Health      healthCmd      `cmd:"" group:"service" help:"Say whether the service is healthy."`
	LeaderCheck leaderCheckCmd `cmd:"" group:"service" help:"Say whether the service leads."`

	HTTP       httpCmd          `cmd:"" name:"http" group:"program" help:"Run the service."`
	Backup     backupBackendCmd `cmd:"" name:"backup-backend" group:"program" help:"Copy the service's SQLite database, while it runs."`
	Completion completionCmd    `cmd:"" group:"program" help:"Print a script that completes commands, hosts and seeds in a shell."`
	Version    versionCmd       `cmd:"" group:"program" help:"Print the version."`
}

// groups are the headings of the help.
var groups = map[string]string{
	"seeds":   "Seeding",
	"agents":  "Agents and their hosts",
	"service": "The service",
	"program": "This program",
}

const description = `Copies a MySQL or MariaDB server onto another and leaves that one running as its replica. ` +
	`"http" runs the service; the other commands talk to it and are named as the paths of its API.`
