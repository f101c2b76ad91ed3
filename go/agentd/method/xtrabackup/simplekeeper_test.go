package xtrabackup_test

import (
	"context"
	"errors"
	"os"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/datadir"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

type simpleKeeper struct{ s *side }

func (k *simpleKeeper) dirs() (data, in, old string) {
	d := k.s.server.Datadir
	return d, d + ".receive", d + ".old"
}

func (k *simpleKeeper) Layout(context.Context) (datadir.Layout, error) {
	return datadir.Layout{DataDir: k.s.server.Datadir, Version: "10.11.19-MariaDB"}, nil
}

func (k *simpleKeeper) Begin(_ context.Context, w *method.Work, _ int64) (*datadir.Place, error) {
	_, in, _ := k.dirs()
	if err := errors.Join(os.RemoveAll(in), os.Mkdir(in, 0o700)); err != nil {
		return nil, err
	}
	return k.Place(w)
}

func (k *simpleKeeper) Place(*method.Work) (*datadir.Place, error) {
	_, in, _ := k.dirs()
	return &datadir.Place{Receive: in, Keeps: true}, nil
}

func (k *simpleKeeper) Swap(ctx context.Context, w *method.Work) error {
	data, in, old := k.dirs()
	return errors.Join(k.s.server.Stop(ctx), os.Rename(data, old), os.Rename(in, data), k.s.server.Restart(ctx), w.Run.OldData(agentapi.OldDataAside, old))
}

func (k *simpleKeeper) PutBack(ctx context.Context, _ *method.Work) error {
	data, in, old := k.dirs()
	if _, err := os.Stat(old); err != nil {
		return os.RemoveAll(in)
	}
	return errors.Join(k.s.server.Stop(ctx), os.RemoveAll(data), os.Rename(old, data), k.s.server.Restart(ctx), os.RemoveAll(in))
}

func (k *simpleKeeper) Drop(context.Context, *method.Work) error {
	_, _, old := k.dirs()
	return os.RemoveAll(old)
}
