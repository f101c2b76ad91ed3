// Package estimate says how long a seed will still take, and how sure that is. It is pure: figures in, seconds out.
//
// A stage that runs is measured by its own progress. A stage to come is reckoned from the size of the source's data with
// what earlier seeds of this service took for it (Learn), or else with the defaults of defaults.go. Every figure carries a
// range; ranges are added up, and how sure an estimate is follows from how wide its range is.
//
// It imports agentapi only.
package estimate
