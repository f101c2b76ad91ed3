package cloneplugin_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/datadir"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/cloneplugin"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// noRoom is a keeper on a disk that can't hold both; nothing else of it may be asked.
type noRoom struct{ *datadir.Keeper }

func (noRoom) Begin(context.Context, *method.Work, int64) (*datadir.Place, error) {
	return nil, &method.StageError{Code: "datadir-no-room", Text: "the disk holds one only", Hint: "a bigger disk", Permanent: true}
}

func (noRoom) Swap(context.Context, *method.Work) error { return errors.New("swapped in place") }
func (noRoom) Drop(context.Context, *method.Work) error { return errors.New("dropped in place") }

// onSmallDisk is a world whose target can't hold both.
func onSmallDisk(w *world) *world {
	w.Helper()
	w.target.opts.Keeper = noRoom{w.target.opts.Keeper.(*datadir.Keeper)}
	w.target.remake()
	return w
}

func TestWithoutRoomForBothTheOldDataAreErasedOnlyIfAllowed(t *testing.T) {
	t.Parallel()
	w := onSmallDisk(newWorld(t, options{}))
	check := w.untouched()
	w.target.failing("prepare", w.target.method.Prepare, "datadir-no-room")
	w.target.release()
	check()
	if said := w.target.run.OldDataSaid(); len(said) > 0 {
		t.Errorf("old data: %v", said)
	}
}

func TestCloneOverTheOldDataWhereNothingRestartsMySQL(t *testing.T) {
	t.Parallel()
	w := onSmallDisk(newWorld(t, options{erase: true, target: sandbox.Options{Extra: []string{"skip_slave_start=OFF"}}}))
	w.objects()
	w.target.exec("SET PERSIST max_connections = 77", "CREATE DATABASE old_data")
	before := [2]string{w.source.state97(), w.target.state97()}
	db := w.source.Open("")
	load, err := sandbox.WriteLoad(t.Context(), db, sandbox.LoadOptions{Rate: 50})
	if err != nil {
		t.Fatal(err)
	}
	w.prepare()
	if w.target.ask("SHOW DATABASES LIKE 'old_data'") == "" {
		t.Error("the old data went in Prepare")
	}
	w.target.run.OnSay = func(text string) {
		if strings.HasPrefix(text, "cloning") && !slices.Contains(w.target.run.OldDataSaid(), agentapi.OldDataErased) {
			t.Error("it was not told that the old data go")
		}
	}
	w.target.backup()
	w.target.restore()
	if own := w.target.ask("SELECT GTID_SUBTRACT(@@gtid_executed, ?)", w.source.ask("SELECT @@gtid_executed")); own != "" {
		t.Errorf("the clone has transactions of its own: %s", own)
	}
	w.connect()
	if _, err := load.Stop(); err != nil {
		t.Fatal(err)
	}
	w.source.exec("SET GLOBAL event_scheduler = OFF")
	w.target.cleanup()
	w.source.cleanup()
	w.same()
	w.source.exec("SET GLOBAL event_scheduler = ON")
	// The variable itself is read-only: it is what it was from the next start on.
	before[1] = strings.Replace(before[1], "skip_replica_start=OFF", "skip_replica_start=ON", 1)
	if after := [2]string{w.source.state97(), w.target.state97()}; after != before {
		t.Errorf("servers were\n%q\nand are now\n%q", before, after)
	}
	w.nothingLeft()
}

func TestAbortOfCloneOverTheOldDataSaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	w := onSmallDisk(slow(t, options{erase: true}))
	w.target.exec("CREATE DATABASE old_data")
	w.prepare()
	ctx, cancel := context.WithCancel(t.Context())
	ended := w.underWay(ctx)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("backup: %v", err)
	}
	w.target.release()
	w.source.release()
	if said := w.target.run.OldDataSaid(); len(said) != 1 || said[0] != agentapi.OldDataErased {
		t.Errorf("old data: %v", said)
	}
	if !strings.Contains(w.target.run.Text(), "were erased") {
		t.Errorf("the history does not say that the old data are gone: %s", w.target.run.Text())
	}
	if got := w.target.ask("SELECT 1"); got != "1" {
		t.Errorf("the target's MySQL answers %q", got)
	}
	w.source.work.Attempt, w.target.work.Attempt = 2, 2
	w.target.failing("restore", w.target.method.Restore, cloneplugin.CodeIncomplete)
}
