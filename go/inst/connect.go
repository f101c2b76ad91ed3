package inst

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-sql-driver/mysql"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// connecting is one call of ConnectReplica.
type connecting struct {
	*session // the target's
	source   *session
	from     *Instance // facts of the source
	to       *Instance // facts of the target
	step     func(string)

	user, password string
}

// ConnectReplica makes the target a replica of the source from the copy's position on, and starts it: steps 1 to 5 of
// "ConnectSlave". It calls step with a sentence before each. It may be repeated after it was interrupted anywhere, and goes
// on where it stopped: a target that already replicates from this source keeps the position it has reached, and gets the
// credentials of now.
func (t *Topology) ConnectReplica(ctx context.Context, target, source Address, at agentapi.Metadata, step func(text string)) error {
	const op = "connect replica"
	if target == source {
		return &Error{Code: CodeRefused, Op: op, Host: target.String(), Text: "target and source are the same server",
			Permanent: true, Hint: "name two different hosts"}
	}
	s, err := t.open(ctx, op, target)
	if err != nil {
		return err
	}
	defer s.close()
	replications, err := s.replications(ctx)
	if err != nil {
		return err
	}
	if len(replications) == 1 && replications[0].of(source) && replications[0].IORunning && replications[0].SQLRunning {
		step(fmt.Sprintf("%s replicates from %s already", target, source))
		return nil
	}
	c, err := t.prepareConnect(ctx, s, source, step)
	if err != nil {
		return err
	}
	defer c.source.close()
	pos, err := c.position(ctx, at)
	if err != nil {
		return err
	}
	if len(replications) == 1 && replications[0].of(source) && replications[0].channel == "" && c.started(&replications[0], pos) {
		return c.resume(ctx)
	}
	return c.fromCopy(ctx, pos)
}

// prepareConnect reads both servers, and refuses what must not be touched.
func (t *Topology) prepareConnect(ctx context.Context, s *session, source Address, step func(string)) (*connecting, error) {
	c := &connecting{session: s, step: step}
	var err error
	if c.user, c.password, err = t.ReplicationCredentials(ctx, source); err != nil {
		return nil, err
	}
	if err := s.version.passable(c.password); err != nil {
		return nil, &Error{Code: CodeReplCredential, Op: s.op, Host: s.addr.String(), Permanent: true, Err: err,
			Hint: "choose another password for the replication account"}
	}
	if c.to, err = s.facts(ctx); err != nil {
		return nil, err
	}
	if c.to.Replicas, err = s.replicas(ctx); err != nil {
		return nil, err
	}
	if c.source, err = t.open(ctx, s.op, source); err != nil {
		return nil, err
	}
	if c.from, err = c.source.facts(ctx); err != nil {
		c.source.close()
		return nil, err
	}
	if err := c.gate(); err != nil {
		c.source.close()
		return nil, err
	}
	return c, nil
}

// gate refuses targets whose replication must not be changed.
func (c *connecting) gate() error {
	switch {
	case len(c.to.Replicas) > 0:
		return c.refuse(fmt.Sprintf("it has replicas of its own: %v", c.to.Replicas),
			"move these replicas to another source first; their binary log would be reset")
	case c.to.ServerUUID != "" && c.to.ServerUUID == c.from.ServerUUID:
		return c.refuse("it has the same server_uuid as the source",
			"if the data directory was copied, stop MySQL on the target, remove auto.cnf from the data directory and start it again; else both names lead to one server")
	case c.to.ServerID == c.from.ServerID:
		return c.refuse(fmt.Sprintf("it has the same server_id as the source, %d", c.to.ServerID), "set another server_id on the target")
	case c.to.Version.Flavour != c.from.Version.Flavour:
		return c.refuse(fmt.Sprintf("it is %s and the source is %s", c.to.Version.Flavour, c.from.Version.Flavour),
			"seed between servers of one flavour")
	}
	return nil
}

func (c *connecting) refuse(text, hint string) error {
	return &Error{Code: CodeRefused, Op: c.op, Host: c.addr.String(), Text: text, Hint: hint, Permanent: true}
}

// fromCopy makes the target a replica at the copy's position.
func (c *connecting) fromCopy(ctx context.Context, pos position) error {
	if err := c.forgetSources(ctx, c.step); err != nil {
		return err
	}
	if err := c.resetGTIDs(ctx); err != nil {
		return err
	}
	if pos.byGTID() {
		if err := c.setGTIDs(ctx, pos); err != nil {
			return err
		}
	}
	return c.changeAndStart(ctx, pos)
}

// resetGTIDs empties the target's binary log and all it remembers of GTIDs.
func (c *connecting) resetGTIDs(ctx context.Context) error {
	c.step("reset binary logs and GTIDs of " + c.addr.String())
	err := c.exec(ctx, c.dialect.ResetBinaryLogs)
	var answer *mysql.MySQLError
	if err != nil && !(errors.As(err, &answer) && answer.Number == errBinlogClosed) {
		return err
	}
	if c.dialect.Flavour == MariaDB {
		return c.exec(ctx, "SET GLOBAL gtid_slave_pos = ''")
	}
	return nil
}

// errBinlogClosed is what a server without binary log answers to a reset of it.
const errBinlogClosed = 1186

func (c *connecting) setGTIDs(ctx context.Context, pos position) error {
	variable := "gtid_purged"
	if c.dialect.Flavour == MariaDB {
		variable = "gtid_slave_pos"
	}
	c.step(fmt.Sprintf("set %s to %s", variable, shorten(pos.gtid, 200)))
	return c.exec(ctx, "SET GLOBAL "+variable+" = "+quote(pos.gtid))
}

// changeAndStart names the source to the target and starts replication.
func (c *connecting) changeAndStart(ctx context.Context, pos position) error {
	c.step(fmt.Sprintf("make %s a replica of %s at %s", c.addr, c.source.addr, pos))
	c.unlogged(ctx)
	if err := c.execSecret(ctx, c.changeStatement(pos), c.password); err != nil {
		return err
	}
	c.step("start replication")
	return c.exec(ctx, c.dialect.channel(c.dialect.StartReplica, ""))
}
