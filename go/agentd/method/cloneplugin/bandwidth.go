package cloneplugin

import (
	"context"
	"database/sql"
	"strconv"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// bandwidth keeps the server's bound at the seed's, which changes while a clone runs. The server counts in MiB a second.
type bandwidth struct {
	m    *ClonePlugin
	w    *method.Work
	db   *sql.DB
	last int64 // the seed's bound that was set; 0: none was; -1: that is not known, an earlier attempt may have set one
}

func (b *bandwidth) keep(ctx context.Context) error {
	limit := b.w.Run.Limit()
	if limit == b.last {
		return nil
	}
	var before map[string]string
	if _, err := b.w.Run.Recall(rememberSettings, &before); err != nil {
		return err
	}
	own, set := before[networkBandwidth]
	if limit <= 0 && !set { // nobody has set it for this seed
		b.last = 0
		return nil
	}
	configured, _ := strconv.ParseInt(own, 10, 64)
	if v, found := b.m.settings[networkBandwidth].(int64); found {
		configured = v
	}
	if err := (settings{networkBandwidth: mib(limit, configured)}).apply(ctx, b.w, b.db); err != nil {
		return err
	}
	b.last = limit
	return nil
}

// mib is the smaller of the two bounds in MiB a second: limit in bytes, 0 for none, rounded down but not to none.
func mib(limit, configured int64) int64 {
	if limit <= 0 {
		return configured
	}
	n := max(1, limit>>20)
	if configured > 0 {
		n = min(n, configured)
	}
	return n
}
