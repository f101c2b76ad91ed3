package app

import (
	"os"
	"runtime/debug"
)

// gcPercent is how much garbage there may be for what lives, in per cent: little, because the service has little to do and is
// to be a small guest on its machine.
const gcPercent = 30

// SaveMemory sets the garbage collector of the whole process for a service that runs alone in it; not where it is a guest in
// another program. What the environment says (GOGC) stays.
func SaveMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
