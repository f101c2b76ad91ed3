package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/orchestrator-seed/orchestrator-seed/go/cli"
)

// version is set by the build: -ldflags "-X main.version=...".
var version = "dev"

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal asks to end; the second one ends the program as if nobody had asked.
	context.AfterFunc(ctx, stop)
	return cli.Run(ctx, cli.Options{
		Args:          os.Args[1:],
		Serve:         serve,
		BackupBackend: backupBackend,
		Version:       version,
	})
}
