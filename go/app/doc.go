// Package app puts the service together: New opens the backend and builds every part, Start listens and steps seeds, Stop
// ends it in order. Used by the program, by tests in process, and by hosts that mount the module.
//
// Order of ending: the scheduler first (its steps under way are dropped; every call they made may be made again), then the
// lease is given back, so that another node takes over at once; then the listeners, while requests that still run are
// answered as by any node that does not lead; the backend last.
package app
