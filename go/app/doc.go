// Package app puts the service together: New opens the backend and builds every part, Start listens and steps seeds, Stop
// ends it in order. Used by the program, by tests in process, and by hosts that mount the module.
//
// Order of ending: the listeners first (no new word from people or agents), then the scheduler (its steps under way are
// dropped; every call they made may be made again), the lease (so that another node takes over at once), the backend last.
package app
