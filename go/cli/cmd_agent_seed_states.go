package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

type agentSeedStatesCmd struct {
	SeedID int64 `arg:"" name:"seedid" help:"The seed's number." complete:"seed"`
	Follow bool  `name:"follow" short:"f" help:"Go on with what happens, oldest first, until the seed ends."`
	watchFlags
}

// Help implements kong.HelpProvider.
func (*agentSeedStatesCmd) Help() string {
	return lesson("Shows what happened in a seed, newest first. With --follow the oldest comes first and new rows follow as they "+
		"happen, as JSON one to a line, until the seed ends.", `
		orchestrator-seed agent-seed-states 7
		orchestrator-seed agent-seed-states 7 --follow`, append(slices.Clone(ask[:3]), ExitWaitTimeout, ExitInterrupted)...)
}

// Run implements the command.
func (c *agentSeedStatesCmd) Run(ctx context.Context, s *session) error {
	if !c.Follow {
		return show(ctx, s, client.SeedStates(c.SeedID), stateList)
	}
	f := &follower{session: s, id: c.SeedID}
	_, err := watch(ctx, s, c.SeedID, c.watchFlags, f)
	if err != nil {
		return err
	}
	return f.err
}

// follower prints rows of a seed's history that it has not printed before.
type follower struct {
	session *session
	id      int64
	last    int64 // greatest SeedStageID printed
	err     error
}

func (f *follower) update(ctx context.Context, _ client.SeedUpdate) {
	var rows []json.RawMessage
	raw, err := f.fetch(ctx, &rows)
	if err != nil {
		f.err = err
		return
	}
	f.err = nil
	for i := len(raw) - 1; i >= 0; i-- {
		if raw[i].SeedStageID <= f.last {
			continue
		}
		f.last = raw[i].SeedStageID
		if err := f.print(raw[i], rows[i]); err != nil {
			f.err = err
			return
		}
	}
}

func (f *follower) fetch(ctx context.Context, rows *[]json.RawMessage) ([]seedapi.SeedStageState, error) {
	states, raw, err := client.SeedStates(f.id).Fetch(ctx, f.session.api)
	if err != nil {
		return nil, err
	}
	return states, json.Unmarshal(raw, rows)
}

func (f *follower) print(st seedapi.SeedStageState, raw json.RawMessage) error {
	return f.session.answer(raw, func(p *page) {
		status := paint(p.color, wordStyles[string(st.Status)], fmt.Sprintf("%-9s", st.Status))
		p.b.WriteString(fmt.Sprintf("%s  %-12s  %s  %s  %s\n", st.Timestamp.In(p.loc).Format("15:04:05"), st.Stage, plain(st.Hostname), status, plain(st.Details)))
	})
}

func (*follower) lost(error) {}
func (*follower) tick()      {}
func (*follower) close()     {}
