package inst

import (
	"context"
	"fmt"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst/gtid"
)

// position is where replication begins: a GTID set, or file and position.
type position struct {
	gtid string
	file string
	pos  int64
}

func (p position) byGTID() bool { return p.gtid != "" }

func (p position) String() string {
	if p.byGTID() {
		return "GTID " + shorten(p.gtid, 200)
	}
	return fmt.Sprintf("%s:%d", p.file, p.pos)
}

// position chooses by what the copy knows and the source uses.
func (c *connecting) position(ctx context.Context, at agentapi.Metadata) (position, error) {
	if len(at.GtidExecuted) > gtid.MaxText {
		return position{}, c.noPosition("the copy's GTID set is too long", "seed again")
	}
	kind, err := gtid.Guess(at.GtidExecuted)
	if err != nil {
		return position{}, c.noPosition(fmt.Sprintf("the copy's GTID set can't be read: %v", err), "seed again")
	}
	if kind != gtid.KindEmpty && Flavour(kind) != c.version.Flavour {
		return position{}, c.noPosition(fmt.Sprintf("the copy's GTID set is one of %s, the target is %s", kind, c.version.Flavour),
			"source and target must be of one flavour, and the agent's tool must fit the server; seed again")
	}
	if c.version.Flavour == MariaDB {
		return c.positionMariaDB(ctx, at)
	}
	return c.positionMySQL(at)
}

func (c *connecting) positionMySQL(at agentapi.Metadata) (position, error) {
	set, err := gtid.ParseMySQL(at.GtidExecuted)
	if err != nil {
		return position{}, c.fail(err)
	}
	if !c.from.GTIDMode || set.IsEmpty() {
		return c.positionInFile(at)
	}
	if !c.to.GTIDMode {
		return position{}, c.noPosition("the source uses GTIDs and the target has gtid_mode off",
			"set gtid_mode = ON and enforce_gtid_consistency = ON on the target")
	}
	if set.HasTags() && !c.version.AtLeast(8, 3) {
		return position{}, c.noPosition("the copy's GTID set has tags, which the target's version does not know", "use MySQL 8.3 or newer on the target")
	}
	return position{gtid: set.String()}, nil
}

// positionMariaDB asks the source for the GTID of a copy that knows only file and position.
func (c *connecting) positionMariaDB(ctx context.Context, at agentapi.Metadata) (position, error) {
	text := at.GtidExecuted
	if strings.TrimSpace(text) == "" && c.from.GTIDMode && at.LogFile != "" {
		table, err := c.source.table(ctx, fmt.Sprintf("SELECT BINLOG_GTID_POS(%s, %d) AS gtid", quoteAnyMode(at.LogFile), at.LogPos))
		if err != nil {
			return position{}, err
		}
		known := false
		if text, known = table[0]["gtid"]; !known {
			return position{}, &Error{Code: CodePurged, Op: c.op, Host: c.source.addr.String(), Permanent: true,
				Text: fmt.Sprintf("the source no longer has binary log %s, or it is shorter than %d bytes", at.LogFile, at.LogPos), Hint: hintPurged}
		}
	}
	set, err := gtid.ParseMariaDB(text)
	if err != nil {
		return position{}, c.fail(err)
	}
	if set.IsEmpty() {
		return c.positionInFile(at)
	}
	return position{gtid: set.Position().String()}, nil
}

// quoteAnyMode writes a name of a binary log as a literal that is right in every SQL mode.
func quoteAnyMode(s string) string { return fmt.Sprintf("X'%X'", s) }

func (c *connecting) positionInFile(at agentapi.Metadata) (position, error) {
	if at.LogFile == "" || at.LogPos < 4 {
		return position{}, c.noPosition(fmt.Sprintf("the copy has no position to begin at (file %q, position %d, GTID %q)",
			at.LogFile, at.LogPos, shorten(at.GtidExecuted, 100)), "the source needs its binary log on while it is copied; seed again")
	}
	return position{file: at.LogFile, pos: at.LogPos}, nil
}

func (c *connecting) noPosition(text, hint string) error {
	return &Error{Code: CodePosition, Op: c.op, Host: c.addr.String(), Text: text, Hint: hint, Permanent: true}
}

// started says whether the target, configured for this source already, stands at the copy's position or has gone on from
// there. Setting it back would apply transactions twice.
func (c *connecting) started(r *replication, pos position) bool {
	switch {
	case r.AutoPosition != pos.byGTID():
		return false
	case !pos.byGTID():
		return r.appliedTo(pos.file, pos.pos)
	case c.version.Flavour == MariaDB:
		have, err1 := gtid.ParseMariaDB(r.ExecutedGTID)
		want, err2 := gtid.ParseMariaDB(pos.gtid)
		return err1 == nil && err2 == nil && have.Contains(want)
	default:
		have, err1 := gtid.ParseMySQL(r.ExecutedGTID)
		want, err2 := gtid.ParseMySQL(pos.gtid)
		return err1 == nil && err2 == nil && have.Contains(want)
	}
}

// resume keeps the target's position and gives it today's credentials.
func (c *connecting) resume(ctx context.Context) error {
	c.step(fmt.Sprintf("%s is connected to %s already: go on from where it stands", c.addr, c.source.addr))
	if err := c.exec(ctx, sessionMode); err != nil {
		return err
	}
	if err := c.stopReplica(ctx, "", false, c.step); err != nil {
		return err
	}
	stopped, err := c.replications(ctx) // again: the position moved until the threads had stopped
	if err != nil {
		return err
	}
	if len(stopped) != 1 || !stopped[0].of(c.source.addr) {
		return &Error{Code: CodeReplication, Op: c.op, Host: c.addr.String(), Text: "its source was changed by someone else in the meantime"}
	}
	pos := position{file: stopped[0].ExecLogFile, pos: stopped[0].ExecPos}
	if stopped[0].AutoPosition {
		pos = position{gtid: stopped[0].ExecutedGTID}
	}
	return c.changeAndStart(ctx, pos)
}
