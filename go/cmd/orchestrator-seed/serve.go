package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/app"
	"github.com/orchestrator-seed/orchestrator-seed/go/cli"
	"github.com/orchestrator-seed/orchestrator-seed/go/config"
)

// stopPatience is what requests that run have to end when the service is asked to.
const stopPatience = 10 * time.Second

// serve runs the service until ctx ends.
func serve(ctx context.Context, o cli.ServeOptions) error {
	app.SaveMemory()
	c, warnings, err := config.Load(o.ConfigPath)
	if err != nil {
		return err
	}
	level := slog.LevelInfo
	if o.Debug || c.Debug {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(o.Stderr, &slog.HandlerOptions{Level: level}))
	for _, w := range warnings {
		log.Warn("configuration", "key", w.Key, "warning", w.Message)
	}
	service, err := app.New(ctx, app.Options{Config: *c, Log: log, Version: o.Version})
	if err != nil {
		return err
	}
	err = service.Start(ctx)
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-service.Failed():
		}
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
	defer cancel()
	return errors.Join(err, service.Stop(stop))
}
