package config

import "strings"

// key is one key of the file: how its value is read. The first name is the one in use, others are taken too.
type key struct {
	section string
	names   []string
	read    reader
	must    bool
}

func k(section, names string, read reader) key {
	return key{section: section, names: strings.Split(names, " "), read: read}
}

func required(x key) key {
	x.must = true
	return x
}

// keys is every key that c can hold, bound to c. Misspelt names are the ones in use; both spellings are taken.
func keys(c *Config) []key {
	co, o, m := &c.Common, &c.Orchestrator, &c.MySQL
	all := []key{
		k("common", "port", number(&co.Port, 1, 65535)),
		k("common", "seed-port", number(&co.SeedPort, 1, 65535)),
		k("common", "poll-interval", duration(&co.PollInterval)),
		k("common", "resubmit-agent-interval", duration(&co.ResubmitAgentInterval)),
		k("common", "http-auth-user", text(&co.HTTPAuthUser)),
		k("common", "http-auth-password", secret(&co.HTTPAuthPassword)),
		k("common", "http-timeout", duration(&co.HTTPTimeout)),
		k("common", "use-ssl", flag(&co.UseSSL)),
		k("common", "use-mutual-tls", flag(&co.UseMutualTLS)),
		k("common", "ssl-skip-verify", flag(&co.SSLSkipVerify)),
		k("common", "ssl-cert-file", text(&co.SSLCertFile)),
		k("common", "ssl-private-key-file", text(&co.SSLPrivateKeyFile)),
		k("common", "ssl-ca-file", text(&co.SSLCAFile)),
		k("common", "ssl-valid-ous", list(&co.SSLValidOUs)),
		k("common", "status-ou-verify", flag(&co.StatusOUVerify)),
		k("common", "token-hint-file", text(&co.TokenHintFile)),
		k("common", "token-http-header", headerName(&co.TokenHTTPHeader)),
		k("common", "exec-with-sudo", flag(&co.ExecWithSudo)),
		k("common", "sudo-user", text(&co.SudoUser)),
		required(k("common", "backup-dir", directory(&co.BackupDir))),
		k("common", "status-endpoint", text(&co.StatusEndpoint)),
		k("common", "status-bad-seconds", duration(&co.StatusBadAfter)),
		k("common", "hostname", text(&co.Hostname)),
		k("common", "bind-address", text(&co.BindAddress)),
		k("common", "advertise-address", text(&co.AdvertiseAddress)),
		k("common", "bandwidth", bandwidth(&co.Bandwidth)),
		k("common", "allow-erase", flag(&co.AllowErase)),
		k("common", "state-dir", directory(&co.StateDir)),

		required(k("orchestrator", "url", httpURL(&o.URL))),
		k("orchestrator", "agents-port", number(&o.AgentsPort, 1, 65535)),

		k("logging", "file", text(&c.Logging.File)),
		k("logging", "level", level(&c.Logging.Level)),

		k("mysql", "host", text(&m.Host)),
		k("mysql", "port", number(&m.Port, 1, 65535)),
		k("mysql", "socket", text(&m.Socket)),
		required(k("mysql", "user", text(&m.User))),
		required(k("mysql", "password", secret(&m.Password))),
		k("mysql", "service-status-command", command(&m.ServiceStatusCommand)),
		k("mysql", "service-start-command", command(&m.ServiceStartCommand)),
		k("mysql", "service-stop-command", command(&m.ServiceStopCommand)),
	}
	return append(all, methodKeys(c)...)
}

func methodKeys(c *Config) []key {
	l := &c.LVM
	all := []key{
		k("mysqldump", "enabled", flag(&c.Mysqldump.Enabled)),
		k("mysqldump", "mysqldump-addtional-opts mysqldump-additional-opts addtional-opts additional-opts", command(&c.Mysqldump.Options)),
		k("mydumper", "enabled", flag(&c.Mydumper.Enabled)),
		k("mydumper", "mydumper-addtional-opts mydumper-additional-opts", command(&c.Mydumper.MydumperOptions)),
		k("mydumper", "myloader-additional-opts myloader-addtional-opts", command(&c.Mydumper.MyloaderOptions)),
		k("xtrabackup", "enabled", flag(&c.Xtrabackup.Enabled)),
		k("xtrabackup", "xtrabackup-addtional-opts xtrabackup-additional-opts", command(&c.Xtrabackup.Options)),
		k("lvm", "enabled", flag(&l.Enabled)),
		k("lvm", "create-snapshot-command", command(&l.CreateSnapshotCommand)),
		k("lvm", "create-new-snapshot-for-seed", flag(&l.CreateNewSnapshotForSeed)),
		k("lvm", "available-local-snapshot-hosts-command", command(&l.AvailableLocalSnapshotHosts)),
		k("lvm", "available-snapshot-hosts-command", command(&l.AvailableSnapshotHosts)),
		k("lvm", "snapshot-volumes-filter", text(&l.SnapshotVolumesFilter)),
		k("lvm", "mount-point", directory(&l.MountPoint)),
		k("clone_plugin", "enabled", flag(&c.ClonePlugin.Enabled)),
		k("clone_plugin", "install-plugin", flag(&c.ClonePlugin.InstallPlugin)),
	}
	for section, s := range map[string]*Socat{"xtrabackup": &c.Xtrabackup.Socat, "lvm": &l.Socat} {
		all = append(all,
			k(section, "socat-use-ssl", flag(&s.UseSSL)),
			k(section, "socat-ssl-cert-file", text(&s.SSLCertFile)),
			k(section, "socat-ssl-cat-file socat-ssl-ca-file", text(&s.SSLCAFile)),
			k(section, "socat-ssl-skip-verify", flag(&s.SSLSkipVerify)))
	}
	return all
}
