// Package metrics counts what the service does and shows it to Prometheus, in a registry of its own. It imports agent's
// domain types and the Prometheus client; what it has to ask for (numbers of seeds, leadership) comes through functions.
//
// Labels are bounded: stages, statuses, methods, names of calls and of routes; never hosts, paths or IDs.
package metrics
