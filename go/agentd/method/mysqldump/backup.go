package mysqldump

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpaccounts"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpfile"
)

// Backup implements method.Method: on the target, the source is dumped into w.Dir.
func (m *Mysqldump) Backup(ctx context.Context, w *method.Work) error {
	if w.Side != agentapi.Target {
		return nil
	}
	if err := errors.Join(m.remove(w.Dir), tellOldData(w)); err != nil {
		return err
	}
	addr := host.Address{Host: w.PeerHost, Port: w.SourceMySQLPort}
	db, err := m.o.Servers.Open(ctx, addr)
	if err != nil {
		return failed(CodeConnection, "see that the source's MySQL runs and that the agent's account may log in from this host", err, "")
	}
	defer db.Close()
	src, err := readSource(ctx, m.o.Servers, db)
	if err != nil {
		return err
	}
	accounts, err := dumpaccounts.Read(ctx, db, src.server)
	if err != nil {
		return fmt.Errorf("read the source's accounts: %w", err)
	}
	index, err := m.dumpAll(ctx, w, db, src, addr)
	if err != nil {
		return err
	}
	now, err := dumpaccounts.Read(ctx, db, src.server)
	if err != nil {
		return errors.Join(fmt.Errorf("read the source's accounts: %w", err), index.writer.Discard())
	}
	if diff := accounts.Diff(now); diff != "" {
		return errors.Join(failed(CodeAccounts, "change accounts on the source before or after a backup, not during it", nil,
			"accounts changed during the backup: %s", diff), index.writer.Discard())
	}
	if index.Accounts, err = accounts.Marshal(); err != nil {
		return errors.Join(err, index.writer.Discard())
	}
	if err := index.writer.Finish(&index.Index); err != nil {
		return diskError(w.Dir, index.writer.RawBytes(), src.bytes*6/10, err)
	}
	w.Run.Progress(index.Raw+index.carried, index.Raw+index.carried, "dumped")
	w.Run.Say(fmt.Sprintf("dumped %s into %s, position %s:%d", method.Size(index.Raw), method.Size(index.Length), index.Position.LogFile, index.Position.LogPos))
	return nil
}

// written is a dump that only lacks its index.
type written struct {
	dumpfile.Index
	writer  *dumpfile.Writer
	carried int64 // bytes of rows beside it
}

// dump runs the dump program and leaves its output written; nothing is left after an error.
func (m *Mysqldump) dump(ctx context.Context, w *method.Work, src *source, addr host.Address, defs *definitions) (_ *written, err error) {
	t, err := findTool(ctx, src.server.Flavour)
	if err != nil {
		return nil, err
	}
	if defs == nil {
		announce(w, src, addr, t)
	}
	defaults, err := m.o.Servers.DefaultsFile(w.Dir, addr)
	if err != nil {
		return nil, diskError(w.Dir, 0, src.bytes*6/10, err)
	}
	defer func() { err = errors.Join(err, os.Remove(defaults)) }()
	out, err := dumpfile.Create(w.Dir)
	if err != nil {
		return nil, diskError(w.Dir, 0, src.bytes*6/10, err)
	}
	s := &scanner{}
	var to sections = newMeter(w.Run, out, src.bytes, s)
	args := t.arguments(defaults, src, m.o.Extra)
	if defs != nil {
		defs.sections, to = to, defs
		args = withoutRows(args)
	}
	if err := m.runTool(ctx, w, t, args, to, s); err != nil {
		if ctx.Err() == nil {
			err = diskError(w.Dir, out.RawBytes(), src.bytes*6/10, err)
		}
		return nil, errors.Join(cause(ctx, err), out.Discard())
	}
	x := written{writer: out, Index: dumpfile.Index{Flavour: string(src.server.Flavour), Version: src.server.Version, Server: src.identity, Tool: t.version,
		Schemas: src.schemas, Statement: s.longest}}
	if x.Position, err = s.pos.metadata(); err != nil {
		return nil, errors.Join(failed(CodeCut, "is the binary log of the source on?", err, ""), out.Discard())
	}
	return &x, nil
}

// runTool runs the dump program into out, and returns nil only when every sign says that the dump is complete.
func (m *Mysqldump) runTool(ctx context.Context, w *method.Work, t *tool, args []string, out sections, s *scanner) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	cmd := w.Run.Command(ctx, nil, t.path, args...)
	messages := &tail{max: 64 << 10}
	cmd.Stderr = messages
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", t.path, err)
	}
	if err := cmd.Start(); err != nil {
		return failed(CodeTool, "", err, "start %s", t.path)
	}
	s.out = out
	scanErr := s.run(&throttled{ctx: ctx, r: stdout, limit: w.Run.Limit})
	if scanErr != nil {
		stop() // the program must not wait for a reader that is gone
		stdout.Close()
	}
	waitErr := cmd.Wait()
	name := filepath.Base(t.path)
	said := messages.String()
	switch {
	case scanErr != nil:
		return scanErr
	case waitErr != nil:
		if said != "" {
			waitErr = fmt.Errorf("%w: %s", waitErr, said)
		}
		return failed(CodeDump, dumpHint(said), waitErr, "%s failed", name)
	case !s.completed:
		return failed(CodeCut, "see the source's error log: did the server or the connection go away?", nil,
			"%s ended with success, but its output has no closing line after %s", name, method.Size(s.written()))
	}
	if bad := errorLines(said); bad != "" {
		return failed(CodeDump, dumpHint(bad), nil, "%s ended with success, but reported: %s", name, bad)
	}
	for line := range strings.Lines(said) {
		if line = strings.TrimSpace(line); line != "" {
			w.Run.Say(name + ": " + line)
		}
	}
	return nil
}

func announce(w *method.Work, src *source, addr host.Address, t *tool) {
	w.Run.Say(fmt.Sprintf("dumping %d schemas (%s) of %s %s at %s with %s", len(src.schemas), method.Size(src.bytes), src.server.Flavour, src.server.Version, addr, t.version))
	if len(src.nonTransactional) > 0 {
		w.Run.Say("the source has tables without transactions (" + strings.Join(src.nonTransactional, ", ") +
			"): all its tables are locked against writes until the dump is complete")
	}
	for _, lost := range src.lost {
		w.Run.Say("warning: a dump does not carry " + lost)
	}
}

// dumpHint knows what the programs' usual errors want.
func dumpHint(said string) string {
	switch {
	case strings.Contains(said, "Access denied"):
		return "the agent's account lacks a privilege on the source; docs/methods/mysqldump.md lists those it needs"
	case strings.Contains(said, "Binlogging on server not active"):
		return "turn the binary log on at the source (log_bin)"
	case strings.Contains(said, "Lost connection"), strings.Contains(said, "gone away"):
		return "the source's server ended the connection: see its error log, and net_write_timeout"
	case strings.Contains(said, "Table definition has changed"), strings.Contains(said, "doesn't exist"):
		return "tables were changed on the source during the dump; the next attempt may succeed"
	}
	return "these are the dump program's own words; the end of the source's error log (agent-mysql-error-log) may say more"
}

// errorLines picks the lines of what a dump program said that are errors, not warnings.
func errorLines(said string) string {
	var bad []string
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		low := strings.ToLower(line)
		if strings.Contains(low, "warning") {
			continue
		}
		if strings.Contains(low, "error") || strings.Contains(low, "couldn't") || strings.Contains(low, "failed") {
			bad = append(bad, line)
		}
	}
	return strings.Join(bad, "; ")
}
