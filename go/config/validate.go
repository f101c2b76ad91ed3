package config

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// validate checks what concerns more than one key, and brings paths and addresses to one spelling.
func (c *Config) validate() error {
	var problems []error
	refuse := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }

	for _, a := range []struct{ key, value string }{
		{"ListenAddress", c.ListenAddress},
		{"AgentsServerPort", c.AgentsListenAddress()},
	} {
		_, port, err := net.SplitHostPort(a.value)
		if n, perr := strconv.Atoi(port); err != nil || perr != nil || n < 0 || n > 65535 {
			refuse("%s is %q; allowed is host:port or :port", a.key, a.value)
		}
	}
	c.URLPrefix = strings.TrimRight(c.URLPrefix, "/")
	if c.URLPrefix != "" && (!strings.HasPrefix(c.URLPrefix, "/") || strings.ContainsAny(c.URLPrefix, "{}?#%\"'<>\\ \t\r\n") || strings.Contains(c.URLPrefix, "//") || strings.Contains(c.URLPrefix, "/.")) {
		refuse("URLPrefix is %q; allowed is empty or a path such as /orchestrator", c.URLPrefix)
	}
	if !strings.HasPrefix(c.StatusEndpoint, "/") || strings.ContainsAny(c.StatusEndpoint, "{}?# \t\r\n") {
		refuse("StatusEndpoint is %q; allowed is a path such as /api/status", c.StatusEndpoint)
	}
	if c.IsSQLite() && c.SQLite3DataFile == "" {
		refuse("SQLite3DataFile is empty; allowed is the name of a file when BackendDB is %q", backendSQLite)
	}
	if !c.IsSQLite() && (c.MySQLOrchestratorHost == "" || c.MySQLOrchestratorDatabase == "") {
		refuse("MySQLOrchestratorHost or MySQLOrchestratorDatabase is empty; both are needed when BackendDB is %q", backendMySQL)
	}
	if (c.AuthenticationMethod == "basic" || c.AuthenticationMethod == "multi") && (c.HTTPAuthUser == "" || c.HTTPAuthPassword == "") {
		refuse("HTTPAuthUser or HTTPAuthPassword is empty; both are needed when AuthenticationMethod is %q", c.AuthenticationMethod)
	}
	if c.AuthenticationMethod == "proxy" && c.AuthUserHeader == "" {
		refuse("AuthUserHeader is empty; a header's name is needed when AuthenticationMethod is %q", c.AuthenticationMethod)
	}
	for _, t := range c.tlsGroups() {
		if t.on && (t.cert == "" || t.key == "") {
			refuse("%s is true; then %s and %s have to name files", t.switchKey, t.certKey, t.keyKey)
		}
		if t.mutual && t.ca == "" {
			refuse("%s is true; then %s has to name a file", t.mutualKey, t.caKey)
		}
	}
	return errors.Join(problems...)
}

type tlsGroup struct {
	switchKey, mutualKey, certKey, keyKey, caKey string
	on, mutual                                   bool
	cert, key, ca                                string
}

func (c *Config) tlsGroups() []tlsGroup {
	return []tlsGroup{
		{"UseSSL", "UseMutualTLS", "SSLCertFile", "SSLPrivateKeyFile", "SSLCAFile",
			c.UseSSL, c.UseSSL && c.UseMutualTLS, c.SSLCertFile, c.SSLPrivateKeyFile, c.SSLCAFile},
		{"AgentsUseSSL", "AgentsUseMutualTLS", "AgentSSLCertFile", "AgentSSLPrivateKeyFile", "AgentSSLCAFile",
			c.AgentsUseSSL, c.AgentsUseSSL && c.AgentsUseMutualTLS, c.AgentSSLCertFile, c.AgentSSLPrivateKeyFile, c.AgentSSLCAFile},
		{"MySQLOrchestratorUseMutualTLS", "MySQLOrchestratorUseMutualTLS", "MySQLOrchestratorSSLCertFile", "MySQLOrchestratorSSLPrivateKeyFile", "MySQLOrchestratorSSLCAFile",
			c.MySQLOrchestratorUseMutualTLS, false, c.MySQLOrchestratorSSLCertFile, c.MySQLOrchestratorSSLPrivateKeyFile, c.MySQLOrchestratorSSLCAFile},
		{"MySQLTopologyUseMutualTLS", "MySQLTopologyUseMutualTLS", "MySQLTopologySSLCertFile", "MySQLTopologySSLPrivateKeyFile", "MySQLTopologySSLCAFile",
			c.MySQLTopologyUseMutualTLS, false, c.MySQLTopologySSLCertFile, c.MySQLTopologySSLPrivateKeyFile, c.MySQLTopologySSLCAFile},
	}
}
