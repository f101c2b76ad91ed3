package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

func scenes() []scene {
	return []scene{
		{"XFS on a linear volume", linearXFS, []testCase{
			{"facts and verbs", verbs},
			{"snapshot that fills up", fillsUp},
			{"abort in the middle", abort},
			{"kill -9 of the source's agent", killAgent},
			{"seed under write load", underLoad},
		}},
		{"ext4 on a thin volume", thinExt4, []testCase{
			{"seed under write load", underLoad},
			{"newest snapshot of the operator's", chosen},
			{"create-snapshot-command", ordered},
		}},
	}
}

// underLoad: a whole seed while the source is written to; replica and source equal to the last row.
func underLoad(ctx context.Context, w *world) (string, error) {
	db := w.Source.Server.Open("")
	defer db.Close()
	load, err := sandbox.WriteLoad(ctx, db, sandbox.LoadOptions{Bulk: "sbtest.sbtest1", DDL: true})
	if err != nil {
		return "", err
	}
	id, err := w.seed(ctx, 0)
	if err == nil {
		_, err = w.ended(ctx, id, "Completed")
	}
	rows, lerr := load.Stop()
	if err = errors.Join(err, lerr); err != nil {
		return "", err
	}
	if err := errors.Join(w.equal(ctx), w.nothingLeft(ctx), w.alone(ctx)); err != nil {
		return "", err
	}
	return fmt.Sprintf("equal after %d rows were written meanwhile; %s", rows, w.said(ctx, id, "commits on the source were held")), nil
}

// fillsUp: more is written to the volume than the snapshot can hold, in each attempt.
func fillsUp(ctx context.Context, w *world) (string, error) {
	id, err := w.seed(ctx, slowly)
	if err != nil {
		return "", err
	}
	if err := w.middle(ctx, id); err != nil {
		return "", err
	}
	writing, stop := context.WithCancel(ctx)
	written := make(chan error, 1)
	go func() { written <- overwrite(writing, filepath.Join(root, "source", "other")) }()
	s, err := w.ended(ctx, id, "Failed")
	stop()
	if err := errors.Join(err, <-written); err != nil {
		return "", err
	}
	if s.ErrorCode != "snapshot-full" {
		return "", fmt.Errorf("the seed failed with %s: %s", s.ErrorCode, s.ErrorText)
	}
	return fmt.Sprintf("Failed, %s after %d retries: %s; old data in place, nothing left", s.ErrorCode, s.Retries, s.ErrorText), errors.Join(w.oldData(ctx), w.nothingLeft(ctx))
}

// overwrite keeps writing to a file of 300 MiB, not faster than a disk of old, and removes it in the end.
func overwrite(ctx context.Context, path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	defer os.Remove(path)
	b := make([]byte, 4<<20)
	for n := byte(1); ctx.Err() == nil; n++ {
		for i := range b {
			b[i] = n + byte(i)
		}
		if _, err := f.WriteAt(b, int64(n%75)*int64(len(b))); err != nil {
			return err
		}
		if n%8 == 0 {
			if err := f.Sync(); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

// abort: a person ends the seed while the copy runs.
func abort(ctx context.Context, w *world) (string, error) {
	id, err := w.seed(ctx, slowly)
	if err != nil {
		return "", err
	}
	if err := w.middle(ctx, id); err != nil {
		return "", err
	}
	begin := time.Now()
	if _, err := client.AbortSeed(id, false).Do(ctx, w.Service.Client); err != nil {
		return "", err
	}
	if _, err := w.ended(ctx, id, "Failed"); err != nil {
		return "", err
	}
	if err := errors.Join(w.oldData(ctx), w.nothingLeft(ctx)); err != nil {
		return "", err
	}
	return fmt.Sprintf("Failed, old data in place, nothing left %.1f s after the abort", time.Since(begin).Seconds()), nil
}

// killAgent: the source's agent dies in the middle, with a snapshot mounted, and is started again.
func killAgent(ctx context.Context, w *world) (string, error) {
	id, err := w.seed(ctx, slowly)
	if err != nil {
		return "", err
	}
	if err := w.middle(ctx, id); err != nil {
		return "", err
	}
	if err := w.Source.Kill(); err != nil {
		return "", err
	}
	if noSnapshots(ctx) == nil {
		return "", errors.New("there was no snapshot when the agent was killed")
	}
	if err := w.Source.Start(); err != nil {
		return "", err
	}
	if err := w.Source.Registered(ctx); err != nil {
		return "", err
	}
	if err := w.bandwidth(ctx, id, 0); err != nil {
		return "", err
	}
	if _, err := w.ended(ctx, id, "Completed"); err != nil {
		return "", err
	}
	if err := errors.Join(w.equal(ctx), w.nothingLeft(ctx), w.alone(ctx)); err != nil {
		return "", err
	}
	return fmt.Sprintf("Completed, %s, equal, nothing left; %s", w.said(ctx, id, "Retry"), w.said(ctx, id, "goes on")), nil
}

// verbs: what the agent's page shows and does.
func verbs(ctx context.Context, w *world) (string, error) {
	c, host := w.Service.Client, w.Source.Host
	if err := runAll(ctx, "lvcreate -q -y -s -L 32M -n mysql-"+filter+"-1 src/mysql"); err != nil {
		return "", err
	}
	if _, err := client.RemoveLV(host, "/dev/src/mysql").Do(ctx, c); err == nil {
		return "", errors.New("the origin could be removed")
	}
	a, err := client.Mount(host, "/dev/src/mysql-"+filter+"-1").Do(ctx, c)
	if err != nil {
		return "", err
	}
	if a.Data == nil || !a.Data.MountPoint.IsMounted || a.Data.MountPoint.FileSystem != "xfs" {
		return "", fmt.Errorf("after agent-mount the agent shows %+v", a.Data)
	}
	if _, err := os.Stat(filepath.Join(a.Data.MountPoint.Path, "db", "data", "ibdata1")); err != nil {
		return "", err
	}
	if _, err := client.Unmount(host).Do(ctx, c); err != nil {
		return "", err
	}
	if a, err = client.RemoveLV(host, "src/mysql-"+filter+"-1").Do(ctx, c); err != nil {
		return "", err
	}
	return "mounted, unmounted and removed a snapshot; the origin is refused", w.nothingLeft(ctx)
}

// again starts the source's agent with another configuration.
func (w *world) again(ctx context.Context, lvm map[string]any) error {
	if err := w.Source.Stop(); err != nil {
		return err
	}
	lvm["enabled"], lvm["snapshot-volumes-filter"] = true, filter
	a, err := fleet.StartAgent(ctx, fleet.AgentOptions{Programs: w.programs, Service: w.Service, Server: w.Source.Server,
		Dir: filepath.Dir(w.Source.StateDir), Config: map[string]map[string]any{"lvm": lvm}})
	if a != nil {
		w.Fleet.Source = a
	}
	return err
}

// script is how an operator makes a snapshot with its position, as docs/methods/lvm.md has it. One session holds the lock.
const script = `#!/bin/bash
set -eu
coproc SQL { mariadb --defaults-file=%[1]s/root.cnf --batch --skip-column-names --unbuffered; }
echo "BACKUP STAGE START; BACKUP STAGE FLUSH; BACKUP STAGE BLOCK_DDL; BACKUP STAGE BLOCK_COMMIT;
	FLUSH NO_WRITE_TO_BINLOG ENGINE LOGS; SHOW MASTER STATUS; SELECT @@GLOBAL.gtid_binlog_pos;" >&"${SQL[1]}"
read -r file position _ <&"${SQL[0]}"
read -r gtid <&"${SQL[0]}"
printf 'File: %%s\nPosition: %%s\nExecuted_Gtid_Set: %%s\n' "$file" "$position" "$gtid" >%[2]s/metadata
sync
lvcreate -q -y -s -kn -n my-sql-%[3]s-$(date +%%s) src/my-sql
echo "BACKUP STAGE END;" >&"${SQL[1]}"
rm %[2]s/metadata
`

func (w *world) writeScript() (string, error) {
	s := w.Source.Server
	path := filepath.Join(root, "run", "make-snapshot")
	account := fmt.Sprintf("[client]\nsocket=%s\nuser=root\n", s.Socket)
	return path, errors.Join(os.WriteFile(filepath.Join(root, "run", "root.cnf"), []byte(account), 0o600),
		os.WriteFile(path, []byte(fmt.Sprintf(script, filepath.Join(root, "run"), s.Datadir, filter)), 0o755))
}

// chosen: a snapshot that was there before the seed; it stays.
func chosen(ctx context.Context, w *world) (string, error) {
	path, err := w.writeScript()
	if err != nil {
		return "", err
	}
	if out, err := run(ctx, path); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	if err := w.again(ctx, map[string]any{}); err != nil {
		return "", err
	}
	if err := w.exec(ctx, w.Source.Server, "CREATE TABLE sbtest.since_the_snapshot (a INT PRIMARY KEY)"); err != nil {
		return "", err
	}
	if err := w.whole(ctx); err != nil {
		return "", err
	}
	left, err := byHand(ctx)
	if err != nil || len(left) != 1 {
		return "", errors.Join(fmt.Errorf("the operator's snapshots are now %v", left), err)
	}
	return fmt.Sprintf("Completed, equal; %s is still there", left[0]), runAll(ctx, "lvremove -q -f src/"+left[0])
}

// ordered: the operator's command makes it for the seed; it goes.
func ordered(ctx context.Context, w *world) (string, error) {
	path, err := w.writeScript()
	if err != nil {
		return "", err
	}
	if err := w.again(ctx, map[string]any{"create-new-snapshot-for-seed": true, "create-snapshot-command": []string{path}}); err != nil {
		return "", err
	}
	if err := w.whole(ctx); err != nil {
		return "", err
	}
	left, err := byHand(ctx)
	if err != nil || len(left) != 0 {
		return "", errors.Join(fmt.Errorf("snapshots are left: %v", left), err)
	}
	return "Completed, equal; the snapshot is removed", nil
}

// whole is one seed from start to end.
func (w *world) whole(ctx context.Context) error {
	id, err := w.seed(ctx, 0)
	if err != nil {
		return err
	}
	if _, err := w.ended(ctx, id, "Completed"); err != nil {
		return err
	}
	return errors.Join(w.equal(ctx), w.nothingLeft(ctx), w.alone(ctx))
}

func byHand(ctx context.Context) ([]string, error) {
	out, err := run(ctx, "lvs", "--noheadings", "-o", "lv_name")
	var found []string
	for _, name := range strings.Fields(out) {
		if strings.Contains(name, filter) {
			found = append(found, name)
		}
	}
	return found, err
}
