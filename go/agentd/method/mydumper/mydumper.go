package mydumper

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
)

// CodeNotCarried: the source has tables whose rows mydumper would lose. The other codes are package mysqldump's.
const CodeNotCarried = "rows-not-carried"

// rowsDir is the directory of the rows inside the seed's.
const rowsDir = "rows"

// Options configure the method. Servers is required.
type Options struct {
	Servers mysqldump.Servers
	// DumpExtra and LoadExtra are the user's options for mydumper and myloader, one argument each.
	DumpExtra, LoadExtra []string
	// Threads is the number of connections that dump, and that load; 0 is min(4, CPUs).
	Threads int
}

// New makes the method; the error names an option that can't be allowed.
func New(o Options) (method.Method, error) {
	var err error
	if o.DumpExtra, err = checkExtra("mydumper-addtional-opts", o.DumpExtra, dumpReserved); err != nil {
		return nil, err
	}
	if o.LoadExtra, err = checkExtra("myloader-additional-opts", o.LoadExtra, loadReserved); err != nil {
		return nil, err
	}
	if o.Threads <= 0 {
		o.Threads = min(4, runtime.NumCPU())
	}
	return mysqldump.New(mysqldump.Options{Servers: o.Servers, Streams: o.Threads, Carrier: &carrier{o}})
}

// carrier is mydumper's part of the method. It holds no state.
type carrier struct{ o Options }

var _ mysqldump.Carrier = (*carrier)(nil)

// Method implements mysqldump.Carrier.
func (c *carrier) Method() agentapi.Method { return agentapi.Mydumper }

// Check implements mysqldump.Carrier: both programs are there, and of the versions and for the flavour that this package has
// been tried with.
func (c *carrier) Check(ctx context.Context, server host.Server) error {
	if server.Flavour != host.FlavourMariaDB {
		return failed(mysqldump.CodeTool, "use another method", nil, "Mydumper is offered for MariaDB, not for %s %s", server.Flavour, server.Version)
	}
	for _, name := range []string{dumpProgram, loadProgram} {
		if _, err := find(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// Remove implements mysqldump.Carrier.
func (c *carrier) Remove(dir string) error {
	for _, name := range []string{rowsDir, omitName, loadConfig} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("remove rows: %w", err)
		}
	}
	return nil
}

func failed(code, hint string, err error, format string, args ...any) *method.StageError {
	return &method.StageError{Code: code, Text: fmt.Sprintf(format, args...), Hint: hint, Err: err}
}
