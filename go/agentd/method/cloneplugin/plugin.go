package cloneplugin

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

const pluginFile = "mysql_clone.so"

// rememberPlugin is the journal's key for "this seed installed the plugin on this server".
const rememberPlugin = "clone-plugin-installed"

// pluginStatus is the plugin's status, such as ACTIVE; "" when it is not installed.
func pluginStatus(ctx context.Context, db *sql.DB) (string, error) {
	var status string
	err := db.QueryRowContext(ctx, "SELECT plugin_status FROM information_schema.plugins WHERE plugin_name = 'clone'").Scan(&status)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", queryError(err, "look for the clone plugin")
	}
	return status, nil
}

// usable says whether the plugin is active, or why not and that it can't be installed either.
func (m *ClonePlugin) usable(ctx context.Context, db *sql.DB) (active bool, err error) {
	status, err := pluginStatus(ctx, db)
	switch {
	case err != nil:
		return false, err
	case status == "ACTIVE":
		return true, nil
	case status != "":
		return false, permanent(CodePlugin, "remove clone=OFF from the server's options, or UNINSTALL PLUGIN clone", nil, "the clone plugin is installed, but its status is %s", status)
	case !m.o.Install:
		return false, permanent(CodePlugin, "INSTALL PLUGIN clone SONAME '"+pluginFile+"', or set install-plugin = true in [clone_plugin]", nil,
			"the clone plugin is not installed, and the agent's configuration does not allow it to install it")
	}
	var dir string
	if err := db.QueryRowContext(ctx, "SELECT @@GLOBAL.plugin_dir").Scan(&dir); err != nil {
		return false, queryError(err, "read plugin_dir")
	}
	if _, err := os.Stat(filepath.Join(dir, pluginFile)); errors.Is(err, fs.ErrNotExist) {
		return false, permanent(CodePlugin, "install the package of the server's that has it", nil, "there is no %s in %s", pluginFile, dir)
	}
	return false, nil
}

// install sees to it that the plugin is active; what it installs is in the journal first.
func (m *ClonePlugin) install(ctx context.Context, w *method.Work, db *sql.DB) error {
	active, err := m.usable(ctx, db)
	if err != nil || active {
		return err
	}
	if err := w.Run.Remember(rememberPlugin, true); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, "INSTALL PLUGIN clone SONAME '"+pluginFile+"'"); err != nil {
		if host.Errno(err) == 1142 || host.Errno(err) == errNoPrivilege {
			return permanent(CodePrivileges, "GRANT INSERT, DELETE ON mysql.plugin TO the agent's account", err, "the agent's account may not install the clone plugin")
		}
		return failed(CodePlugin, "install it by hand: the error log says what was wrong", err, "install the clone plugin")
	}
	w.Run.Say("installed the clone plugin; it is removed again when the seed ends")
	return nil
}

// uninstall removes the plugin if this seed installed it. While another clone uses it, it stays.
func uninstall(ctx context.Context, w *method.Work, db *sql.DB) error {
	var installed bool
	if _, err := w.Run.Recall(rememberPlugin, &installed); err != nil || !installed {
		return err
	}
	status, err := pluginStatus(ctx, db)
	if err != nil {
		return err
	}
	if status != "" {
		var err error
		_ = until(ctx, 10*time.Second, func() error { // a clone that ended a moment ago still holds it
			if _, err = db.ExecContext(ctx, "UNINSTALL PLUGIN clone"); host.Errno(err) == errPluginBusy {
				return err
			}
			return nil
		})
		switch n := host.Errno(err); {
		case err == nil:
		case n == errPluginBusy:
			w.Run.Say("the clone plugin, which this seed installed, stays: another clone uses it")
		case n == 1305 || n == 1702: // gone, or loaded by the server's options
		default:
			return queryError(fmt.Errorf("uninstall the clone plugin: %w", err), "put the server back as it was")
		}
	}
	return w.Run.Remember(rememberPlugin, false)
}
