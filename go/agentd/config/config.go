package config

import (
	"log/slog"
	"time"
)

// Secret is a string that prints as asterisks. Convert it to string where it is used.
type Secret string

const hidden = "********"

func (s Secret) String() string { return hidden }

// GoString keeps %#v from printing it.
func (s Secret) GoString() string { return hidden }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText keeps encoders from printing it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Config is the whole file with its defaults.
type Config struct {
	Common         Common
	Orchestrator   Orchestrator
	Logging        Logging
	MySQL          MySQL
	CustomCommands map[string][]string // argument vectors by name; without PostSeedCommand
	// PostSeedCommand is custom-commands.post-seed-command; nil when there is none.
	PostSeedCommand []string
	Mysqldump       Mysqldump
	Mydumper        Mydumper
	Xtrabackup      Xtrabackup
	LVM             LVM
	ClonePlugin     ClonePlugin
}

// Common is [common].
type Common struct {
	Port                  int
	SeedPort              int
	PollInterval          time.Duration
	ResubmitAgentInterval time.Duration
	HTTPAuthUser          string
	HTTPAuthPassword      Secret
	HTTPTimeout           time.Duration
	UseSSL                bool
	UseMutualTLS          bool
	SSLSkipVerify         bool
	SSLCertFile           string
	SSLPrivateKeyFile     string
	SSLCAFile             string
	SSLValidOUs           []string
	StatusOUVerify        bool
	TokenHintFile         string
	TokenHTTPHeader       string
	ExecWithSudo          bool
	SudoUser              string
	BackupDir             string
	StatusEndpoint        string
	StatusBadAfter        time.Duration

	Hostname         string
	BindAddress      string // "": all
	AdvertiseAddress string // the name that is registered; default Hostname
	Bandwidth        int64  // bytes a second; 0: no bound
	AllowErase       bool
	StateDir         string
}

// Orchestrator is [orchestrator]: the service.
type Orchestrator struct {
	URL        string // http or https, with or without a port
	AgentsPort int
}

// Logging is [logging].
type Logging struct {
	File  string // "": stderr
	Level slog.Level
}

// MySQL is [mysql]: this host's server.
type MySQL struct {
	Host                 string
	Port                 int
	Socket               string
	User                 string
	Password             Secret
	ServiceStatusCommand []string
	ServiceStartCommand  []string
	ServiceStopCommand   []string
}

// Mysqldump is [mysqldump].
type Mysqldump struct {
	Enabled bool
	Options []string
}

// Mydumper is [mydumper].
type Mydumper struct {
	Enabled         bool
	MydumperOptions []string
	MyloaderOptions []string
}

// Socat is how data goes to and from agents of others.
type Socat struct {
	UseSSL        bool
	SSLCertFile   string
	SSLCAFile     string
	SSLSkipVerify bool
}

// Xtrabackup is [xtrabackup].
type Xtrabackup struct {
	Enabled bool
	Options []string
	Socat   Socat
}

// LVM is [lvm].
type LVM struct {
	Enabled                     bool
	CreateSnapshotCommand       []string
	CreateNewSnapshotForSeed    bool
	AvailableLocalSnapshotHosts []string // a command
	AvailableSnapshotHosts      []string // a command
	SnapshotVolumesFilter       string
	MountPoint                  string // default: backup-dir/lvm
	Socat                       Socat
}

// ClonePlugin is [clone_plugin].
type ClonePlugin struct {
	Enabled bool
	// InstallPlugin lets the agent install the clone plugin for a seed where it is missing.
	InstallPlugin bool
	Settings      map[string]string // clone-* keys as they stand, with the values as text
}

// RegisteredName is the name under which the service and other agents reach this host.
func (c *Config) RegisteredName() string {
	if c.Common.AdvertiseAddress != "" {
		return c.Common.AdvertiseAddress
	}
	return c.Common.Hostname
}

func defaults() *Config {
	return &Config{
		Common: Common{
			Port: 3002, SeedPort: 21234, PollInterval: time.Minute, ResubmitAgentInterval: time.Hour, HTTPTimeout: 10 * time.Second,
			StatusEndpoint: "/api/status", StatusBadAfter: 300 * time.Second, StateDir: "/var/lib/orchestrator-agent",
		},
		Orchestrator:   Orchestrator{AgentsPort: 3001},
		MySQL:          MySQL{Host: "127.0.0.1", Port: 3306},
		CustomCommands: map[string][]string{},
		Mysqldump:      Mysqldump{Enabled: true},
		ClonePlugin:    ClonePlugin{Settings: map[string]string{}},
	}
}
