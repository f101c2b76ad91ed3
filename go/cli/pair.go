package cli

import "github.com/orchestrator-seed/orchestrator-seed/go/agentapi"

// pair is the three words that describe a seed to be.
type pair struct {
	Method string `arg:"" enum:"Mysqldump,Mydumper,Xtrabackup,LVM,ClonePlugin" help:"How to copy: Mysqldump, Mydumper, Xtrabackup, LVM or ClonePlugin." complete:"enum"`
	Target string `arg:"" help:"Host that gets the data. What it holds now is lost." complete:"host"`
	Source string `arg:"" help:"Host that the data is read from." complete:"host"`
}

func (p pair) method() agentapi.Method { return agentapi.Method(p.Method) }
