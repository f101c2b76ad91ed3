// Package memstore is agent.Store in memory, for tests and simulations of the engine: quick, deterministic, and held to the
// same suite (store/storetest) as the stores on SQL. Nothing of it survives the process.
package memstore
