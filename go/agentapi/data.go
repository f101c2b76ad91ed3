package agentapi

import "time"

// Info is how an agent names itself. Token is empty in everything that is sent to anyone but the agent itself.
type Info struct {
	Hostname  string
	Port      int    // of the agent's own HTTP listener
	Token     string `json:",omitempty"` // 64 hex digits
	MySQLPort int
}

// Data is what an agent knows of its host. All sizes are bytes.
type Data struct {
	LocalSnapshotsHosts   []string
	SnaphostHosts         []string // sic: the wire's spelling
	LogicalVolumes        []LogicalVolume
	MountPoint            Mount
	BackupDir             string
	BackupDirDiskFree     int64
	BackupDirDiskUsed     int64
	MySQLRunning          bool
	MySQLDatadir          string
	MySQLDatadirDiskUsed  int64
	MySQLDatadirDiskFree  int64
	MySQLDatabases        map[string]Database
	AvailiableSeedMethods map[Method]MethodOffer // sic
	AgentCommands         []string
	NumCPU                int
	MemTotal              int64
	OsName                string

	// Fields of ours; agents of others do not send them.

	AgentVersion string   `json:",omitempty"` // empty: an agent of others
	Abilities    []string `json:",omitempty"` // see the Ability constants
	MySQLVersion string   `json:",omitempty"` // SELECT VERSION(), when MySQL answers
	MySQLError   string   `json:",omitempty"` // why MySQL's facts are missing, when they are
	AllowErase   bool     `json:",omitempty"`
	SeedPort     int      `json:",omitempty"` // the data port
	// ServiceControl: the agent has commands that stop and start MySQL; false also from agents of others.
	ServiceControl bool      `json:",omitempty"`
	MySQLUser      string    `json:",omitempty"` // the account the agent uses, without host
	Clock          time.Time `json:",omitzero"`  // the host's time when it answered
	// ToolVersions is the first line that each tool prints for --version, by program name.
	ToolVersions map[string]string `json:",omitempty"`
	// MySQLNoted is what the agent knows of a server that does not run, from when it ran or from its configuration; nil while
	// it runs, and when nothing is known.
	MySQLNoted *MySQLNote `json:",omitempty"`
}

// MySQLNote is what is known of a MySQL server that does not run; zero is not known.
type MySQLNote struct {
	Version  string `json:",omitempty"` // as SELECT VERSION() gave it
	ServerID int64  `json:",omitempty"`
	PageSize int64  `json:",omitempty"` // bytes
	// LowerCaseTableNames is nil when not known: 0 is a value.
	LowerCaseTableNames *int `json:",omitempty"`
}

// What an agent of ours may say it can do, in Data.Abilities.
const (
	AbilityAttempts    = "attempts"     // takes QueryAttempt on start, poll, abort and release
	AbilityTokenHeader = "token-header" // the token may be left out of the URL
	AbilityRelease     = "release"      // has release-seed/:seedID
	AbilityProbe       = "probe"        // has probe-mysql, probe-listen and probe-connect
	AbilityCallback    = "callback"     // posts seed-stage-state to the agents' door when a stage changes
)

// Has says whether the agent named that ability.
func (d *Data) Has(ability string) bool {
	for _, a := range d.Abilities {
		if a == ability {
			return true
		}
	}
	return false
}

// Database is one schema of the server: the engines that its tables use (each once, unordered) and their size in bytes.
type Database struct {
	Engines []string
	Size    int64
	// Tables is the number of base tables; 0 also from agents of others.
	Tables int64 `json:",omitempty"`
}

// MethodOffer says how an agent would carry out a method.
type MethodOffer struct {
	BackupSide       Side
	SupportedEngines []string
	BackupToDatadir  bool
	// NotAsSource says why this host can be the target of the method only; "" when it can be the source too.
	NotAsSource string `json:",omitempty"`
}

// LogicalVolume is one volume as lvs shows it.
type LogicalVolume struct {
	Name            string
	GroupName       string
	Path            string
	IsSnapshot      bool
	SnapshotPercent float64
	CreatedAt       time.Time
}

// Mount is the agent's mount point for snapshots.
type Mount struct {
	Path       string
	Device     string
	LVPath     string
	FileSystem string
	IsMounted  bool
	DiskUsage  int64
}
