package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// DefaultFiles are looked for, in this order, when no file is named.
var DefaultFiles = []string{"/etc/orchestrator.conf.json", "conf/orchestrator.conf.json"}

// Warning is something about the file that does not keep the service from running.
type Warning struct {
	Key     string
	Message string // a sentence
}

// Load reads the file at path, or the first of DefaultFiles that exists, or takes the defaults when there is none. A file
// that was named has to exist. Environment variables and credential files are read too.
func Load(path string) (*Config, []Warning, error) {
	body, path, err := find(path)
	if err != nil {
		return nil, nil, err
	}
	if path == "" {
		c := Default()
		return &c, nil, nil
	}
	c, warnings, err := Parse(body, os.LookupEnv)
	if err != nil {
		return nil, warnings, fmt.Errorf("configuration file %s: %w", path, err)
	}
	if err := c.readCredentials(); err != nil {
		return nil, warnings, fmt.Errorf("configuration file %s: %w", path, err)
	}
	return &c, warnings, nil
}

func find(path string) ([]byte, string, error) {
	if path != "" {
		body, err := os.ReadFile(path)
		if err != nil {
			return nil, "", fmt.Errorf("read configuration: %w", err)
		}
		return body, path, nil
	}
	for _, p := range DefaultFiles {
		body, err := os.ReadFile(p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, "", fmt.Errorf("read configuration: %w", err)
		}
		return body, p, nil
	}
	return nil, "", nil
}

// readCredentials fills user and password from the credential files; they win over the keys, as in orchestrator.
func (c *Config) readCredentials() error {
	for _, f := range []struct {
		key, path      string
		user, password *string
	}{
		{"MySQLTopologyCredentialsConfigFile", c.MySQLTopologyCredentialsConfigFile, &c.MySQLTopologyUser, &c.MySQLTopologyPassword},
		{"MySQLOrchestratorCredentialsConfigFile", c.MySQLOrchestratorCredentialsConfigFile, &c.MySQLOrchestratorUser, &c.MySQLOrchestratorPassword},
	} {
		if f.path == "" {
			continue
		}
		body, err := os.ReadFile(f.path)
		if err != nil {
			return fmt.Errorf("%s: %w", f.key, err)
		}
		client, err := parseOptionFile(string(body))
		if err != nil {
			return fmt.Errorf("%s %q: %w", f.key, f.path, err)
		}
		user, ok := client["user"]
		if !ok {
			return fmt.Errorf("%s %q: no user below [client]", f.key, f.path)
		}
		*f.user, *f.password = user, client["password"]
	}
	return nil
}
