// orchestrator-agent runs on each MySQL host and carries out seeds for orchestrator-seed's service.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/config"
)

// version is set by the linker.
var version = ""

const (
	defaultConfig = "/etc/orchestrator-agent.conf"
	stopTime      = 30 * time.Second
)

type flags struct {
	Config  string           `help:"Configuration file (TOML)." default:"${config}" placeholder:"FILE" type:"path"`
	Version kong.VersionFlag `help:"Print the version and exit."`
}

func main() {
	var f flags
	kong.Parse(&f, kong.Name("orchestrator-agent"),
		kong.Description("Carries out seeds on this MySQL host, on behalf of the orchestrator-seed service."),
		kong.Vars{"config": defaultConfig, "version": versionText()})
	if err := run(f.Config); err != nil {
		fmt.Fprintln(os.Stderr, "orchestrator-agent:", err)
		os.Exit(1)
	}
}

func versionText() string {
	if version != "" {
		return version
	}
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" {
		return b.Main.Version
	}
	return "unknown"
}

// run runs the agent until SIGTERM or SIGINT; a second one ends it at once.
func run(path string) error {
	c, warnings, err := config.Read(path)
	if err != nil {
		return err
	}
	log, closeLog, err := newLogger(c.Logging)
	if err != nil {
		return err
	}
	defer closeLog()
	for _, w := range warnings {
		log.Warn("configuration: " + w)
	}
	ctx, restore := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer restore()
	app, err := agentd.New(ctx, agentd.Options{Config: c, Version: versionText(), Logger: log})
	if err != nil {
		return err
	}
	if err = app.Start(ctx); err == nil {
		select {
		case <-ctx.Done():
		case err = <-app.Done():
		}
	}
	restore()
	stop, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if serr := app.Stop(stop); err == nil {
		err = serr
	}
	return err
}

func newLogger(l config.Logging) (*slog.Logger, func(), error) {
	to, end := os.Stderr, func() {}
	if l.File != "" {
		f, err := os.OpenFile(l.File, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
		if err != nil {
			return nil, nil, fmt.Errorf("open log: %w", err)
		}
		to, end = f, func() { f.Close() }
	}
	return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{Level: l.Level})), end, nil
}
