module github.com/orchestrator-seed/orchestrator-seed

go 1.26
