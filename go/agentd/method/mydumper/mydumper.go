package mydumper

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

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
	// Compress makes mydumper compress its files also where there is room for them as they are.
	Compress bool
}

// New makes the method; the error names an option that can't be allowed.
func New(o Options) (method.Method, error) {
	var err error
	o.Compress = o.Compress || slices.Contains(o.DumpExtra, "--compress") || slices.Contains(o.DumpExtra, "-c")
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

// Check implements mysqldump.Carrier: both programs are there, and of versions whose files and options this package knows.
func (c *carrier) Check(ctx context.Context, server host.Server) error {
	if server.Flavour == host.FlavourMySQL && !server.AtLeast(5, 7, 0) {
		return failed(mysqldump.CodeTool, "use another method", nil, "Mydumper is offered from MySQL 5.7 on, not for %s", server.Version)
	}
	dump, _, err := findBoth(ctx)
	if err != nil {
		return err
	}
	if server.Flavour == host.FlavourMySQL {
		_, err = dump.noLocks()
	}
	return err
}

// Remove implements mysqldump.Carrier.
func (c *carrier) Remove(dir string) error {
	for _, name := range []string{rowsDir, omitName, dumpConfig, loadConfig} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("remove rows: %w", err)
		}
	}
	return nil
}

// The option files that the programs' connections are opened with.
const dumpConfig, loadConfig = "rows-dump.cnf", "rows-load.cnf"

// optionFile writes one of them: the account, the server, and more lines.
func (c *carrier) optionFile(dir, name string, addr host.Address, more string) (string, error) {
	account, err := c.o.Servers.DefaultsFile(dir, addr)
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(account)
	if err = errors.Join(err, os.Remove(account)); err != nil {
		return "", fmt.Errorf("write an option file: %w", err)
	}
	// The character set is that of names; rows go as they are.
	text = append(text, "\ndefault-character-set=utf8mb4\n"+more...)
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return "", fmt.Errorf("write an option file: %w", err)
	}
	return path, nil
}

func failed(code, hint string, err error, format string, args ...any) *method.StageError {
	return &method.StageError{Code: code, Text: fmt.Sprintf(format, args...), Hint: hint, Err: err}
}
