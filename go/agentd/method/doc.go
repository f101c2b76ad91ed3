// Package method defines how a seed method is carried out on a host. Each method is a package below it (mysqldump, ...).
// The runner (agentd/runner) calls it, keeps the journal, and ends process groups; a method never keeps state of its own
// outside of Work.
package method
